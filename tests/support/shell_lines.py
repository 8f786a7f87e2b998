"""Strategies for shell texts of every construct of bash(1), nested, in which `rm` runs or files are written.

In the tables each line is a text, with `⏎` for the end of a line in it.
"""

from __future__ import annotations

import shlex

from hypothesis import strategies as st


def _texts(table: str) -> tuple[str, ...]:
    return tuple(line.replace("⏎", "\n") for line in table.strip("\n").split("\n"))


#: What texts go on with: variables, and what runs before for arrays, arguments, a function and aliases.
VARIABLES = {"x": "ab", "y": "u", "s": "a u  b", "r": "y", "e": "a[$(rm u >&2)]", "R": "rm"}
PRELUDE = """\
a=(u '1 2'); declare -A m=([k]=u); declare -i n=1; shopt -s expand_aliases; alias k=rm w='env '; set -- u 'a b'
g() { rm "$@"; }
"""

#: Words, also with what is unset, and with quotes inside of them.
WORDS = _texts(r"""
u
1
$x
"$y"
${z:-u}
${y:=2}
$(echo u)
`echo 1`
$1
"$@"
$#
${x%?}
${x#a}
"${s}"
$s
${x/a/u}
${#s}
${a[1]}
"${a[@]}"
${#a[@]}
${!r}
{u,1}
{1..2}
*
[u1]
sub/*
~/x
$'\x75'
u\⏎1
'a b'
"a $x"
$((1 + 1))
${x@Q}
${x^}
${s:0:1}
$(printf %s u)
$(cat <<E⏎$y⏎E⏎)
\u
${z+u}
u$((1 + 1))
"1${x@Q}"
u*$((1 + 1))
"$@"1
${3-u}
${1-2}
"${3:-u}"
${2:+u}
"${q:-'u'}"
${q:-'a b'}
"${x#'a'}"
${*:1:1}
${@:2}
~/*
~/h?
~+/u
$'u\0x'
$'u\c@x'1
$'\x{75}'
$\⏎{x}
"$x\⏎u"
u''
""u
$"u"
${m[k]}
${!m[@]}
${x,,}
${x@U}
<(echo u)
${a[-1]}
${a[@]/u/1}
{u,{1,2}}
{a..c..2}
?
@(u|1)
!(u)
$[1 + 1]
$n
$-
${a[0]}
"${a[@]:1}"
"${a[*]}"
${m[@]}
${BASH_REMATCH[0]}
${x:1}
${x: -1}
${x//b/}
${s// /}
${s%% *}
"${s##* }"
${x/#a/u}
"${x/%b}"
${x@E}
${s^^}
${q:-$(echo u)}
${q:-${z:-u}}
${!x@}
${!#}
${@: -1}
$((n++))
$((n = 1))
$((2#1))
$PWD/u
${PWD##*/}
~-/u
**
u{1..2}
{u,1}{,2}
$(< u)
"$(echo "$(echo u)")"
`echo \`echo u\``
$'a\nb'
$_
$?
"$*"
""")
CONDITIONS = _texts(r"""
true
false
[[ $x == a* ]]
(( 1 ))
! true
cd sub
cd nope 2>/dev/null
[ -n "$z" ]
[[ -n $z && $y == u ]]
((n > 5))
test -f u
[[ $s =~ u ]]
[ -d sub ] || false
[[ $s =~ ^(a)(.*) ]]
[[ -d sub ]] && cd sub
cd nope || cd sub
! cd sub
( cd sub )
{ cd sub; }
read -r y <<< 1
(( n = 1 ))
unset y
shift
export -f g
test $# -gt 1
""")
#: `rm` in other clothes.
REMOVERS = _texts(r"""
rm
rm
rm
r\m
'rm'
r"m"
$'r\155'
$R
${R}
$(echo rm)
`echo rm`
${q-rm}
{rm,u}
command rm
builtin command rm
env rm
exec rm
g
eval rm
k
w k
time rm
time -p -- rm
! rm
A=1 rm
env -i PATH=$PATH rm
${R@P}
r''m
\⏎rm
2>/dev/null rm
</dev/null rm
builtin eval rm
command -- rm
exec -a u rm
command eval rm
>/dev/null rm
<<< u rm
A=(u) rm
{fd}>/dev/null rm
nope || rm
! ! rm
coproc rm
""")
#: Where a file may be written, and what writes there.
FILES = _texts(r"""
new
u
sub/u
sub/new
"$y"
$x
../work/u
new$n
/dev/null
nope/new
""")
REDIRECTIONS = _texts(r"""
> {}
>> {}
>| {}
&> {}
2> {}
>& {}
<> {}
1<> {}
3> {}
{{fd}}> {}
&>> {}
< u > {}
> >(cat > {})
3>&1 > {}
0<> {} >&0
2>&1 >{}
<<< u > {}
> {} <<E⏎'$(rm u >&2)'⏎E⏎
4<> {} >&4
>&- > {}
2>&1 1>&2 > {}
> {} <<'E'⏎$(rm u >&2)⏎E⏎
> {} <<-E⏎	$(rm u >&2)	⏎	E⏎
{{fd}}<> {} >&"$fd"
> /dev/null > {}
""")
#: Expressions, each of which evaluates a text or a subscript, and texts with quotes that are none.
EXPRESSIONS = _texts(r"""
(( e ))
[[ $e -eq 0 ]]
[[ e -gt 0 ]]
[[ 'a[$(rm u >&2)]' -le 1 ]]
: ${s:e}
: ${s:0:e}
: ${a[e]}
: ${a[$e]}
a[e]=1
a[$e]=1
a+=([e]=1)
n=e
n=$e
declare -i i=$e
let e
let "i=e"
let i=e+1
[[ -v $e ]]
test -v "$e"
[ -v "$e" ]
unset "$e"
printf -v "$e" x
read "$e" <<< 1
: $((e))
: $((1 + a[e]))
: $[e]
for ((i=e; i<1; i++)); do :; done
: ${!e}
declare -n p=$e; : $p
(( '$(rm u >&2)' ))
: $(( "$(rm 1 >&2)" ))
: "${a['$(rm u >&2)']}"
: ${@:e}
: ${a[@]:e:1}
i=e; (( i ))
i=e; j=i; [[ j -eq 0 ]]
read n <<< "$e"
for n in "$e"; do :; done
: ${#a[e]}
printf -v n %s "$e"
while (( e )); do break; done
mapfile -t b <<< "$e"; (( b ))
declare -i i=e
declare -ai b=(1 e)
declare -a 'b=([e]=1)'
read n <<< e
printf -v n e
: ${n:=e}; RANDOM=e
unset 'a[e]'
i=e; unset "a[$i]"
test -v 'a[e]'
read 'a[e]' <<< 1
printf -v 'a[e]' x
command unset 'a[e]'
declare -n p='a[e]'; : $p
declare -n p; p='a[e]'; p=1
f() { local -n q=$1; q=1; }; f 'a[e]'
q='$(rm u >&2)'; b=("$q"); : "${b[@]@P}"
set -- '$(rm u >&2)'; : "${@@P}"
q='\044(rm u >&2)'; : "${q@P}"
b=("$q"); unset ?; printf -vx "$@"; : "${b[@]@P}"
e='A[$(RM U >&2)]'; (( ${e,,} ))
e='A[$(RM U >&2)]'; f=${e,,}; (( f ))
declare -l f='A[$(RM U >&2)]'; (( f ))
printf -v e '%b' 'a[\x24(rm u >&2)]'; (( e ))
printf -v e '%s%s' 'a[$' '(rm u >&2)]'; (( e ))
b=('a[$' '(rm u >&2)]'); IFS=; e="${b[*]}"; (( e ))
e=$(printf '%b' 'a[\x24(rm u >&2)]'); (( e ))
e=$(printf 'a[%s(rm u >&2)]' '$'); (( e ))
e=$(echo -e 'a[\x24(rm u >&2)]'); (( e ))
f='a[@(rm u >&2)]'; (( ${f/@/\$} ))
f='a[@(rm u >&2)]'; (( ${f/[@]/\$} ))
f='a[@(rm u >&2)]'; f=${f//[@]/\$}; (( f ))
f='xa[$(rm u >&2)]'; f=${f:1}; (( f ))
f='a[$-(rm u >&2)]'; f=${f%-*}${f#*-}; (( f ))
set -- 'a[$(rm u >&2)]'; (( $1 ))
set -- 'a[$(rm u >&2)]'; (( ${!#} ))
IFS=: read -r f j <<< 'a[$:(rm u >&2)]'; f=$f$j; (( f ))
mapfile -t b <<< 'a[$(rm u >&2)]'; (( b[0] ))
(( i = e ))
: "${m['$(rm u)']}"
: "${q:-'$(rm u)'}"
: "${q:+'x'}${q-'`rm 1`'}"
cat <<E⏎${q:-'$(rm u)'}⏎E
cat <<'E'⏎$(rm u)⏎E
cat <<-E⏎	$(rm 1)⏎	E
: "${x/'$(rm u)'/1}"
: ${x:+$(rm u)}
""")
#: What names and paths come to stand for, and what shells run by themselves.
ARMED = _texts(r"""
export -f g; bash -c 'g u'
g() { rm 1; }; export -f g; sh -c 'g u'
declare -fx g; bash -c g
env 'BASH_FUNC_true%%=() { rm u; }' bash -c true
export -f g; g() { rm 1; }; bash -c 'g u'
set -a; g() { rm u; }; bash -c g
set -a; g() { rm u; }; k2() { g; }; bash -c k2
set -o allexport; h() { rm u; }; env bash -c h
bash -ac 'j() { rm u; }; bash -c j'
bash -kc 'rm A=1 u'
bash +B -c 'rm {u,1}'
bash -fc 'rm *'
bash -O nullglob -c 'rm nope*'
env SHELLOPTS=noglob bash -c 'rm *'
env SHELLOPTS=allexport bash -c 'j() { rm u; }; bash -c j'
env BASHOPTS=nullglob bash -c 'rm nope*'
export SHELLOPTS; set -f; bash -c 'rm *'
/proc/self/exe -c 'rm u'
cd /proc/self; ./exe -c 'rm u'
exec 3< $(command -v rm); /proc/self/fd/3 u
exec 3< script; bash /proc/self/fd/3
bash /dev/fd/3 3< script
echo 'rm u' > p; chmod +x p; /proc/self/cwd/p
printf -v q '%b' '\0162m u'; $q
printf -v q '%b' 'r\x6d u'; eval "$q"
eval "$(printf '%b' 'r\x6d u')"
q='RM U'; ${q,,}
declare -l q; q='RM U'; eval "$q"
complete -F g j; compgen -F g
compgen -C 'rm u'
enable -n cd; cd sub 2>/dev/null; rm u
history -s rm u; fc -s 2>/dev/null
env -u x bash -c 'rm ${x:-u}'
env -i PATH=$PATH bash -c 'rm ${x:-u}'
R=echo; exec {R}>/dev/null; rm $R
alias cd='rm u'⏎cd
alias c='cd sub'⏎c; rm u
alias c='g() { rm 1; }'⏎c⏎g
alias k3='k '⏎k3 k u
alias j='cat <<"E"⏎$(rm u >&2)⏎E⏎'⏎j
alias j='read n <<< e⏎f ${z:-u}'⏎j
alias j='R=echo'⏎j; $R u
ln -s script j; echo 'rm 1 u' > j; sh script
echo : > p; ln p j; echo 'rm u' > j; sh p
echo : > p; ln -s . j; echo 'rm u' > j/p; sh p
exec > p; echo 'rm u'; exec > /dev/null; sh p
export HOME=$PWD; cp u .bashrc; bash -ic : 2>/dev/null
HOME=$PWD; echo 'rm u' > .bashrc; bash -i -c : 2>/dev/null
HOME=$PWD; echo 'cd sub; rm u' > .bashrc; bash -ic 'echo > new' 2>/dev/null
cp script zz; PATH=$PATH:.; zz
cp script zz; export PATH=$PATH:.; bash -c zz
cp "$(command -v rm)" cat; PATH=$PATH:.; cat u
cp script zz; ./z?
echo > zz; rm ./z*
cd -P /proc/self/cwd; rm u
cd sub; rm /proc/self/cwd/u
cd sub; cd /proc/self; rm cwd/u
echo 'rm u' > >(bash)
cat > >(bash) <<< 'rm u'
exec > >(bash); echo 'rm u'
{ echo 'rm u'; } > >(read -r c f; $c $f)
f() { echo rm; } > >(xargs -I @ @ u); f
b=(u)1 2>/dev/null; rm "$b"
f() { local -; set -f; }; f; rm *
ab=1; rm $a\⏎b
cat /dev/fd/0 <<< 'rm u' | bash
cat /dev/stdin <<< 'rm u' | bash
bash /proc/self/fd/0 <<< 'rm u'
exec 3< script; . /dev/fd/3
sh -c '(( 2 > 1 ))'
sh -c 'n=5; while (( n > 1 )); do break; done'
sh -c '[[ a > u ]] 2>/dev/null'
command_not_found_handle() { rm u; }; nosuchprogram
env SHELLOPTS=xtrace PS4='$(rm u >&2)' bash -c :
PS4='$(rm u >&2)'; set -x; :; set +x
BASH_ENV=script bash -c :
export BASH_ENV=script; bash -c :
env PS4='$(rm 1 >&2)' bash -xc :
PROMPT_COMMAND='rm u' bash --norc -i <<< :
env ENV=./script sh -i -c :
BASH_ALIASES[j]='rm u'⏎j
BASH_CMDS[true2]=$(command -v rm); true2 u
w k u
alias j='rm u;'⏎j
alias true='rm u'⏎true
hash -p $(command -v rm) j; j u
enable -n echo; echo u
unalias k; k u
trap 'rm u' DEBUG; :; trap - DEBUG
trap 'rm u' ERR; false; trap - ERR
h() { trap 'rm u' RETURN; }; h
trap 'R=echo x=rm' DEBUG; x=echo; $x u
trap 'y=rm' ERR; y=echo; false; $y u
trap 'rm 1' USR1; kill -USR1 $BASHPID
trap "$q" EXIT
trap "$z" USR1
trap 'rm u' EXIT
trap -- 'rm 1' 0
set -T; trap 'rm u' RETURN; . <(:)
declare -n p=R; p=true; $R u
declare -n p=y; p=rm; $y u
declare A=rm B=$A; $B u
A=rm; declare A=true B=$A; $B u
A=true; A=rm B=$A; $B u
A=rm B=$A env; $B u
x=echo; printf "$z" x rm; $x u
X=rm true; $X u
pushd -n sub > /dev/null; rm u
sh -c 'pushd sub 2>/dev/null; rm u'
pushd sub > /dev/null; rm u; popd > /dev/null; rm u
cd -- sub && rm u; cd - > /dev/null; rm u
mkdir z; cd z; rm ../u; cd ..
mkdir -p z/z; rm z/../u z/z/../../1
mkdir z; : > z/../new
mkdir z; echo > z/../u
mkdir z; rm z/../*
mkdir z && cd z && rm ../[u1]
mkdir z; ln -s ../sub z/l; : > z/l/u
ln -s sub l; : > l/u
cp "$(command -v rm)" p; ./p u
ln -s "$(command -v rm)" p; ./p u
echo 'rm u' > p; chmod +x p; ./p
printf '#!/bin/sh\nrm 1\n' > p; chmod +x p; ./p
echo 'rm u' > p; . ./p
echo 'rm u' > p; sh p
cd sub && :⏎echo 'rm u' > p; chmod +x p; ./p
echo : > p; echo 'rm u' > sub/p; [ -d sub ] && cd sub; sh < p
echo : > p; echo 'rm u' > sub/p; [ -d sub ] && cd sub; . ./p
[ -d sub ] && cd sub; cp "$(command -v rm)" p; env ./p u
[ -d sub ] && cd sub; ln -s "$(command -v rm)" cat; PATH=.:$PATH; cat u
PATH=$PWD/sub:$PATH; cp "$(command -v rm)" sub/j; j u
PATH=$PWD/sub:$PATH; cp "$(command -v rm)" sub/j; echo u | xargs j
ln -s "$(command -v rm)" cat; PATH=.:$PATH bash -c 'cat u'
ln -s "$(command -v rm)" cat; env PATH=.:$PATH cat u
ln -s "$(command -v rm)" cat; cd sub; PATH=..:$PATH cat u
PATH=$PWD/sub:$PATH; . u
PATH=.:$PATH; script
ln -s "$(command -v rm)" cat; PATH=.:$PATH; cat u
PATH=$PWD/sub:$PATH true; rm u
echo 'rm u' > p; echo : > p; sh p
exec 3<> u; echo x >&3
exec 3> new; echo x >&3
exec > new; echo x
exec {fd}<> new; echo x >&$fd
: > new; rm new
t=$(mktemp); : > "$t"; rm "$t"
for f in ~/*; do rm "$f"; done
f=~/h1:~/h2; rm ${f#*:}
rm ~/h{1,2}
select f in u 1; do rm $f; break; done <<< 1 2>/dev/null
coproc C { rm u; }; wait
mapfile -C 'rm u' -c 1 b <<< 1
echo rm u | sh
sh -s <<< 'rm u'
bash script
./script
. script
sh < script
sh <> script
eval "$e"; eval 'rm u'
eval -- rm u
bash -n +n <<< 'rm u'
bash -n <<< 'rm u'
env -S 'rm u'
env "${q:-A=1}" rm u
xargs rm <<< u
yes u | xargs -n 1 rm | true
set -o noglob; rm *
set -k; rm A=1 u
shopt -s nullglob; rm nope*
IFS=a; rm $x
set -- rm u; $1 $2; "$@"
unset R; ${R:-rm} u
readonly x; x=rm 2>/dev/null; $x u
local x=rm; $x u
f() { local x=rm; g $x; }; x=u; f; rm $x
unset -f g; g u
set +B; rm {u,1}
""")
#: What changes the state of the shell for what follows.
STATES = _texts(r"""
cd sub
cd ..
cd nope || cd sub
cd sub || exit
unset x
shift
set -f
r=y
exit
return
break
continue
set -e
set -u
shopt -s extglob
cd
cd ~+/sub
set -a
export -f g
export y
declare -u y
shopt -s nullglob
shopt -s dotglob nocaseglob
shopt -s lastpipe
IFS=a
alias k='rm 1'
unset -f g
PATH=.:$PATH
g() { rm 1; }
a=([1]=u)
set -o pipefail
trap - EXIT
exec 2>/dev/null
n+=1
""")

#: Ways to write a character of a word so that it stays the same.
_DISGUISES = (
    "{}",
    "{}",
    "\\{}",
    "'{}'",
    '"{}"',
    "$'{}'",
    "''{}",
    "${{q}}{}",
    "$(printf {})",
    "`echo {}`",
    "{}\\\n",
    "${{q:-{}}}",
)

_NAMES = st.sampled_from(["x", "y", "z"])
_WORDS = st.sampled_from(WORDS)
_CONDITIONS = st.sampled_from(CONDITIONS)
_DISGUISED = st.tuples(*[st.sampled_from(_DISGUISES)] * 2).map(lambda ways: ways[0].format("r") + ways[1].format("m"))
_REMOVERS = st.one_of(st.sampled_from(REMOVERS), _DISGUISED)
_FILES = st.sampled_from(FILES)
_REDIRECTIONS = st.sampled_from(REDIRECTIONS)


def leaves() -> st.SearchStrategy[str]:
    """Commands without others in them."""
    return st.one_of(
        st.builds("{} {} {}".format, _REMOVERS, _WORDS, _WORDS),
        st.builds("{} {}".format, _REMOVERS, _WORDS),
        st.builds("{}={}".format, _NAMES, _WORDS),
        st.builds("{}+={}".format, _NAMES, _WORDS),
        st.builds("{}={} {} {}".format, _NAMES, _WORDS, _REMOVERS, _WORDS),
        st.builds("set -- {} {}".format, _WORDS, _WORDS),
        st.builds("local {}={}".format, _NAMES, _WORDS),
        st.builds("read -r {} <<< {}".format, _NAMES, _WORDS),
        st.builds("printf -v {} %s {}".format, _NAMES, _WORDS),
        st.builds('export "{}={}" {}=${}'.format, _NAMES, _WORDS, _NAMES, _NAMES),
        st.builds("command declare {}={}".format, _NAMES, _WORDS),
        st.builds("unset {}; printf -v{} {}".format, _WORDS, _NAMES, _WORDS),
        st.builds("f {} {}".format, _WORDS, _WORDS),
        st.builds('a+=({} {}); rm "${{a[@]}}"'.format, _WORDS, _WORDS),
        st.builds(lambda word, how, file: f"echo {word} {how.format(file)}", _WORDS, _REDIRECTIONS, _FILES),
        st.sampled_from(STATES),
        st.sampled_from(EXPRESSIONS),
        st.sampled_from(ARMED),
    )


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Commands with others in them."""
    body = st.lists(inner, min_size=1, max_size=2).map("\n".join)
    quoted = body.map(shlex.quote)
    return st.one_of(
        st.builds("if {}; then {}\nelse {}\nfi".format, _CONDITIONS, body, body),
        st.builds("if {}\nthen {}\nelif {}; then {}\nfi".format, _CONDITIONS, body, _CONDITIONS, body),
        st.builds("for {} in {} {}; do {}\ndone".format, _NAMES, _WORDS, _WORDS, body),
        st.builds("for {} do {}\ndone".format, _NAMES, body),
        st.builds("n=0; while (( n++ < 2 )); do {}\ndone".format, body),
        st.builds("n=0; until (( n++ > 1 )); do {}\ndone".format, body),
        st.builds("for ((i=0; i<2; i++)); do {}\ndone".format, body),
        st.builds("case {} in u|a*) {}\n;;& 1) {}\n;; *) {}\nesac".format, _WORDS, body, body, body),
        st.builds("case {} in (u) {}\n;& ?) {}\nesac".format, _WORDS, body, body),
        st.builds("( {}\n)".format, body),
        st.builds("{{ {}\n}} & wait".format, body),
        st.builds("{} && {}".format, _CONDITIONS, inner),
        st.builds("{} || {}".format, _CONDITIONS, inner),
        st.builds("f() {{ {}\n}}".format, body),
        st.builds("function f {{ {}\n}} 2>/dev/null; f {}".format, body, _WORDS),
        st.builds("f() ( {}\n); f".format, body),
        st.builds("{}=$({}\n)".format, _NAMES, body),
        st.builds("eval {}".format, quoted),
        st.builds("trap {} EXIT".format, quoted),
        st.builds("trap {} DEBUG; :; trap - DEBUG".format, quoted),
        st.builds("{{ {}\n}} | cat".format, body),
        st.builds("{{ {}\n}} |& cat".format, body),
        st.builds(lambda body, how, file: f"{{ {body}\n}} {how.format(file)}", body, _REDIRECTIONS, _FILES),
        st.builds("echo {} | while read -r x; do {}\ndone".format, _WORDS, body),
        st.builds("while read -r x; do {}\ndone < <(echo {})".format, body, _WORDS),
        st.builds("bash -c {}".format, quoted),
        st.builds("bash -c {} bash {}".format, quoted, _WORDS),
        st.builds("x={} bash -c {}".format, _WORDS, quoted),
        st.builds("bash <<< {}".format, quoted),
        st.builds("bash <<'END'\n{}\nEND".format, body),
        st.builds("coproc {{ {}\n}} < /dev/null; wait".format, body),
        st.builds(": ${{q:=$({}\n)}}".format, body),
        st.builds("[[ -n $({}\n) ]]".format, body),
        st.builds("cat <({}\n)".format, body),
        st.builds("cat <<END\n$({}\n)\nEND".format, body),
        st.builds("! {{ {}\n}}".format, body),
        st.builds("time {{ {}\n}}".format, body),
        st.builds("select x in u 1; do {}\nbreak; done <<< 2".format, body),
        st.builds("if ! {}; then {}\nfi".format, _CONDITIONS, body),
        st.builds("for {} in {}; {{ {}\n}}".format, _NAMES, _WORDS, body),
        st.builds("for ((;;)) {{ {}\nbreak; }}".format, body),
        st.builds('case {} in @(u|a)) {}\n;; "$y"*) {}\n;; [!u]) {}\nesac'.format, _WORDS, body, body, body),
        st.builds("until {}; do {}\nbreak; done".format, _CONDITIONS, body),
        st.builds("f() if {}; then {}\nfi; f {}".format, _CONDITIONS, body, _WORDS),
        st.builds("f() for x do {}\ndone; f {}".format, body, _WORDS),
        st.builds("f() {{ local {}={}; {}\n}}; f".format, _NAMES, _WORDS, body),
        st.builds("f() {{ {}\n}}; export -f f; bash -c 'f '{}".format, body, _WORDS),
        st.builds("f() {{ {}\n}} > /dev/null <<< u; f".format, body),
        st.builds("( set -e; {}; {}\n)".format, _CONDITIONS, body),
        st.builds('q={}; eval "$q"'.format, quoted),
        st.builds('q={}; bash -c "$q"'.format, quoted),
        st.builds("export q={}; bash -c 'eval \"$q\"'".format, quoted),
        st.builds("printf '%s\\n' {} | bash".format, quoted),
        st.builds("printf %s {} > p; . ./p".format, quoted),
        st.builds("printf %s {} > p; bash p {}".format, quoted, _WORDS),
        st.builds("printf %s {} > p; chmod +x p; ./p {}".format, quoted, _WORDS),
        st.builds("alias j={}\nj".format, quoted),
        st.builds(". /dev/stdin <<'END'\n{}\nEND".format, body),
        st.builds("printf '%s\\n' {} > >(bash)".format, quoted),
        st.builds("{{ {}\n}} > >(cat) 3> {}".format, body, _FILES),
        st.builds('f() {{ "$@"; {}\n}}; f rm {}'.format, body, _WORDS),
        st.builds("f() {{ local -n p=$1; p={}; {}\n}}; f y".format, _WORDS, body),
        st.builds("while getopts ab: {}; do {}\ndone".format, _NAMES, body),
        st.builds(". <(cat <<'END'\n{}\nEND\n)".format, body),
        st.builds("trap {} ERR; false; trap - ERR".format, quoted),
        st.builds("trap {} USR1; kill -USR1 $BASHPID".format, quoted),
        st.builds('a=($({}\n)); rm "${{a[@]}}"'.format, body),
        st.builds("mapfile -t b < <({}\n)".format, body),
        st.builds("while read -r x; do {}\ndone <<END\n$({}\n)\n{}\nEND".format, body, body, _WORDS),
        st.builds("(( $({}\n) + 1 ))".format, body),
        st.builds("{}=$({}\n) rm u".format, _NAMES, body),
        st.builds("{{ {}\n}} > >(cat)".format, body),
        st.builds("time ( {}\n)".format, body),
        st.builds("env -u x bash -c {}".format, quoted),
        st.builds("xargs -I @ bash -c {} <<< {}".format, quoted, _WORDS),
        st.builds("exec 3>&1; {{ {}\n}} >&3".format, body),
        st.builds("select x in {}; do {}\ndone <<< 1".format, _WORDS, body),
    )


LINES = st.lists(st.recursive(leaves(), compound, max_leaves=3), min_size=1, max_size=3).map("\n".join)
