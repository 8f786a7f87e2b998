# Whether a file of git's configuration, if it is there, says nothing of what git runs. Each line is read by itself: one
# that continues on the next, or that is written in an uncommon way, is left to the slow way.
_ag_settings() {
    [ -e "$1" ] || return 0
    [ -f "$1" ] && [ -r "$1" ] || return 1
    _ag_section= _ag_keys=
    while read -r _ag_key _ag_equals _ag_value || [ -n "$_ag_key" ]; do
        case $_ag_key in
            '' | '#'* | ';'*) continue ;;
            '['*)
                case $_ag_key$_ag_equals$_ag_value in *\\* | *]?*) return 1 ;; esac
                _ag_section=${_ag_key#?}
                case $_ag_equals in
                    '') _ag_section=${_ag_section%]} ;;
                    '"'*'"]') ;;
                    *) return 1 ;;
                esac
                case $_ag_section$_ag_value in *[!A-Za-z0-9-]*) return 1 ;; esac
                case $_ag_section in
                    @FREE@
                    alias) _ag_keys=. ;; # any: only a word that is no command is looked up there
                    *) return 1 ;;
                esac
                continue
                ;;
            # git takes a carriage return for a blank, so that there may be a section behind it …
            *[!A-Za-z0-9-]*) return 1 ;;
        esac
        # … and before a line's end for nothing, so that a backslash before it continues the line.
        case $_ag_equals$_ag_value in
            *\\ | *\\[![:print:]]) return 1 ;;
            '' | =*) ;;
            *) return 1 ;;
        esac
        case $_ag_equals in =?*) _ag_equals="$_ag_equals " ;; esac # a blank behind it is one of the value
        case $_ag_keys$_ag_asked in
            *" $_ag_section.$_ag_key "*) ;; # its value matters
            .* | *" $_ag_key "*) continue ;;
        esac
        case $_ag_section.$_ag_key$_ag_equals$_ag_value in @FIXED@) ;; *) return 1 ;; esac
    done <"$1"
}

# Whether nothing around the call changes what it does: the configuration, here and in every directory above, since
# any of them may hold the repository.
_ag_surroundings() {
    case ${HOME-} in /*) ;; *) return 1 ;; esac
    @FILES@
    _ag_up=${_ag_base:-.}
    _ag_steps=
    while :; do
        if [ -e "$_ag_up/@UPWARD@" ]; then
            [ -d "$_ag_up/@UPWARD@" ] && [ ! -e "$_ag_up/@UPWARD@/commondir" ] || return 1
            _ag_settings "$_ag_up/@UPWARD@/config" || return 1
            for _ag_key in "$_ag_up/@UPWARD@/remotes"/* "$_ag_up/@UPWARD@/branches"/*; do # as remotes once were written
                [ ! -e "$_ag_key" ] || return 1
            done
        fi
        # Maybe a bare repository; one without a commit may have a link as its HEAD that leads nowhere yet.
        [ ! -e "$_ag_up/HEAD" ] && [ ! -L "$_ag_up/HEAD" ] || return 1
        [ ! "$_ag_up" -ef "$_ag_up/.." ] || return 0
        _ag_up=$_ag_up/..
        _ag_steps=x$_ag_steps
        case $_ag_steps in xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx*) return 1 ;; esac
    done
}
