# What a file about a command says only where it is not so.
_ag_fresh() {
    _ag_flags= _ag_optional= _ag_taking= _ag_valued= _ag_chdir= _ag_known= _ag_numbers= _ag_assign= _ag_needed= _ag_before=
    _ag_commands= _ag_others= _ag_opens= _ag_looks= _ag_asked= _ag_refuses= _ag_shaped= _ag_checked= _ag_silent= _ag_shares=
}

# Whether that may be the value of that option; one that says where the call takes place is kept.
_ag_may_be() {
    case $_ag_checked in *" $1 "*) _ag_allowed "$1=$2" || return 1 ;; esac
    case $_ag_chdir in
        *" $1 "*)
            [ -z "$_ag_base" ] && [ -n "$2" ] || return 1
            _ag_base=$2 _ag_going=$1
            ;;
    esac
}

# Whether these letters, without their dash, are short options that may be given.
_ag_short() {
    case $_ag_numbers$1 in
        -*[!0-9]*) ;;
        -*) return 0 ;;
    esac
    _ag_rest=$1
    while [ -n "$_ag_rest" ]; do
        _ag_letter=-${_ag_rest%"${_ag_rest#?}"}
        case $_ag_letter in - | '- ') return 1 ;; esac
        _ag_rest=${_ag_rest#?}
        case $_ag_needed in *" $_ag_letter "*) _ag_given=x ;; esac
        case $_ag_flags in
            *" $_ag_letter "*)
                case $_ag_optional in *" $_ag_letter "*) return 0 ;; esac
                continue
                ;;
        esac
        case $_ag_taking in
            *" $_ag_letter "*)
                case $_ag_assign$_ag_rest in ==*) _ag_rest=${_ag_rest#=} ;; esac
                if [ -n "$_ag_rest" ]; then
                    _ag_may_be "$_ag_letter" "$_ag_rest" || return 1
                else
                    _ag_pending=$_ag_letter
                fi
                return 0
                ;;
        esac
        # At a letter that nobody knows, the word is read no further.
        case $_ag_known in '' | *" $_ag_letter "*) return 1 ;; esac
        return 0
    done
}

_ag_line='
'
_ag_ifs=" @TAB@$_ag_line"

# The fast way: calls whose words alone decide, and that run. What it knows was compiled from the rules and lies in
# the store, in the version that this shim was made for. Every `break` out of this block leads to the slow way below.
_ag_plain=@ROOT@/store/@VERSION@/@RULES@
while [ @ROOT@/current -ef @ROOT@/store/@VERSION@ ] && [ -r "$_ag_plain/@NAME@.plain" ] &&
    [ -x @ROOT@/current/python ] && [ -r @ROOT@/current/enter.py ] &&
    [ -O @ROOT@/data ] && [ -f @ROOT@/data/spool/current ] &&
    [ -w @ROOT@/data/spool/current ]; do

    # Words that may say a secret, which has to be masked, or that hold what a row cannot, or what ends a line where
    # the program sends or stores them (a header, a setting).
    IFS=
    case "$*" in
        *[[:cntrl:]]* | *://*@* | *@*://* | @HINTS@) break ;;
    esac
    IFS=$_ag_ifs
    _ag_at=@NAME@ _ag_set=${POSIXLY_CORRECT+x} _ag_base= _ag_ended= _ag_given=
    _ag_pending= _ag_seen= _ag_tally=
    _ag_fresh
    case ${1-} in
        '' | -* | *[!a-z-]*) ;;
        *) [ ! -r "$_ag_plain/@NAME@.$1.plain" ] || _ag_at=@NAME@.$1 ;; # the command at once
    esac
    . "$_ag_plain/$_ag_at.plain"

    _ag_skip=${_ag_at#@NAME@}
    for _ag_word do
        if [ -n "$_ag_skip" ]; then
            _ag_skip=
            continue
        fi
        [ -z "$_ag_refuses" ] || ! _ag_refused "$_ag_word" || break 2
        if [ -n "$_ag_pending" ]; then # it is the value of the option before it
            _ag_may_be "$_ag_pending" "$_ag_word" || break 2
            _ag_pending=
            continue
        fi
        _ag_name=${_ag_word%%=*}
        case $_ag_ended$_ag_word in
            --)
                _ag_ended=!
                continue
                ;;
            !* | - | [!-]* | '')
                if [ -z "$_ag_ended$_ag_tally" ] && [ -n "$_ag_commands" ]; then
                    case $_ag_word in *[!A-Za-z0-9_-]*) _ag_name=/ ;; esac # no command
                    case $_ag_commands$_ag_others in
                        *" $_ag_name "*) _ag_below=$_ag_at.$_ag_word ;;
                        *" $_ag_name>"*) # another name of a command
                            _ag_below=${_ag_commands#*" $_ag_word>"}
                            _ag_below=$_ag_at.${_ag_below%% *}
                            ;;
                        *) _ag_below= ;;
                    esac
                    if [ -n "$_ag_below" ]; then
                        _ag_at=$_ag_below
                        [ -z "$_ag_seen" ] && [ -r "$_ag_plain/$_ag_at.plain" ] || break 2
                        _ag_fresh
                        . "$_ag_plain/$_ag_at.plain"
                        continue
                    fi
                    [ -n "$_ag_opens" ] || break 2
                fi
                [ -z "$_ag_shaped" ] || _ag_takes "$_ag_word" || break 2
                _ag_tally=x${_ag_tally:+x} # one, or more than one
                continue
                ;;
            --*=*)
                case $_ag_name in *' '*) break 2 ;; esac
                case $_ag_valued in
                    *" $_ag_name "*) _ag_may_be "$_ag_name" "${_ag_word#*=}" || break 2 ;;
                    *) case $_ag_known in '' | *" $_ag_name"*) break 2 ;; esac ;;
                esac
                ;;
            --*)
                case $_ag_word in *' '*) break 2 ;; esac
                case $_ag_flags in
                    *" $_ag_word "*) ;;
                    *)
                        case $_ag_taking in
                            *" $_ag_word "*) _ag_pending=$_ag_word ;;
                            # An option that the rules need not know, unless it abbreviates one that they do.
                            *) case $_ag_known in '' | *" $_ag_word"*) break 2 ;; esac ;;
                        esac
                        ;;
                esac
                ;;
            *) # short options, maybe several in one word, the last one maybe with its value
                _ag_name=$_ag_word
                case $_ag_word in *' '*) _ag_name=- ;; esac
                case $_ag_flags in
                    *" $_ag_name "*) ;;
                    *) _ag_short "${_ag_word#-}" || break 2 ;;
                esac
                ;;
        esac
        case $_ag_needed in *" $_ag_name "*) _ag_given=x ;; esac
        case $_ag_before in *" $_ag_name "*) ;; *) _ag_seen=x ;; esac
    done

    [ -n "$_ag_tally" ] || _ag_rating=$_ag_bare_rating
    case $_ag_tally in '' | x) ;; *) _ag_tally=many ;; esac
    case $_ag_counts in *" $_ag_tally."*) ;; *) break ;; esac
    [ -z "$_ag_pending$_ag_set" ] || break
    [ -z "$_ag_needed" ] || [ -n "$_ag_given" ] || break
    # What looks or adds shares no aim; anything else may be another way to what a person has denied.
    [ -z "$_ag_shares" ] || [ "$_ag_rating" = read ] || [ ! -e @ROOT@/data/denied ] || break
    if [ -n "$_ag_looks" ]; then
        [ -r "$_ag_plain/@NAME@.+around.plain" ] || break
        . "$_ag_plain/@NAME@.+around.plain"
        _ag_surroundings || break
    fi

    # The real program, as agentguard/edge/system/programs.py finds it: the next one behind the shims on PATH, if that is not
    # a copy of this file.
    _ag_path=${PATH-}: _ag_real= _ag_seen=
    while [ -n "$_ag_path" ] && [ -z "$_ag_real" ]; do
        _ag_name=${_ag_path%%:*}
        _ag_path=${_ag_path#*:}
        case $_ag_name in /*) ;; *) break 2 ;; esac
        if [ "$_ag_name" -ef @SHIMS@ ]; then
            _ag_seen=x
        elif [ -n "$_ag_seen" ] && [ -f "$_ag_name/@NAME@" ] && [ -x "$_ag_name/@NAME@" ]; then
            _ag_real=$_ag_name/@NAME@
        fi
    done
    [ -n "$_ag_real" ] && [ ! "$_ag_real" -ef "$0" ] || break

    # What a rule asks for is not so where the program, asked this, has nothing to say.
    if [ -n "$_ag_silent" ]; then
        # shellcheck disable=SC2086 # words
        _ag_seen=$("$_ag_real" ${_ag_base:+"$_ag_going" "$_ag_base"} $_ag_silent </dev/null 2>&1) && [ -z "$_ag_seen" ] || break
    fi

    # One row in one write; the next full run puts it into the record. What stands for a line's end keeps it one line.
    if [ -r /proc/uptime ]; then
        read -r _ag_when _ag_name </proc/uptime
    else
        _ag_when=@$(/bin/date +%s)
    fi
    _ag_name=${AGENTGUARD_SESSION-}
    case $_ag_name in *[!a-z0-9]*) _ag_name= ;; esac
    case ${PWD-} in /*) ;; *) break ;; esac
    [ "$PWD" -ef . ] || break # it was removed
    IFS='@FIELD@'
    _ag_row="$_ag_when@FIELD@$$@FIELD@$PPID@FIELD@$_ag_name@FIELD@$_ag_rating@FIELD@$_ag_rules@FIELD@$_ag_real@FIELD@$PWD@FIELD@@NAME@${1+@FIELD@}$*"
    IFS=$_ag_ifs
    while case $_ag_row in *"$_ag_line"*) ;; *) false ;; esac do
        _ag_row=${_ag_row%%"$_ag_line"*}@LINE@${_ag_row#*"$_ag_line"}
    done
    case $_ag_row in
        *[!@FIELD@@LINE@\ -~]*) [ ${#_ag_row} -lt 1000 ] || break ;; # up to four bytes each
        *) [ ${#_ag_row} -lt 3500 ] || break ;;
    esac
    { printf '\n%s\n' "$_ag_row" >>@ROOT@/data/spool/current; } 2>/dev/null || break

    exec "$_ag_real" "$@"
done
IFS=$_ag_ifs
