"""A rule file and a table of an API that are good, and the changes that break them, each with what is said of it."""

GOOD = """\
[program]
names = ["tool"]
guarded = true
variables = ["TOOL_*"]

[grammar]
options = ["-f, --force", "-n, --dry-run", "--level LEVEL", "-c, --command SHELL", "-C CHDIR", "-o, --output FILE"]
operands = ["PATH..."]

[plain]
absent = ["--command"]

[command.move]
options = ["-b, --backup"]
operands = ["SOURCE...", "DEST"]

[command."move all"]

[[rule]]
id = "tool-removes"
effect = "remove"
on = "PATH"
unless = ["-n"]
reason = "removes things"
examples = [
    { run = ["tool", "a"], given = { paths = { a = "untracked" } }, rating = "destructive" },
]
misses = [{ run = ["tool", "-n"], rating = "read" }]

[[rule]]
id = "tool-dry"
if = ["-n"]
effect = "observe"
reason = "only looks"
examples = [{ run = ["tool", "-n"], rating = "read" }]
misses = [{ run = ["tool", "a"], rating = "destructive" }]

[[rule]]
id = "tool-move"
command = ["move", "move all"]
effect = "replace"
overwrites = true
reason = "moves things"
examples = [{ run = ["tool", "move", "a", "b"], rating = "destructive" }]
misses = [{ run = ["tool", "a"], rating = "destructive" }]
"""

#: What the published schema refuses as well: names of keys, types, closed sets.
MISSHAPEN = [
    ('names = ["tool"]', "",
     "1: [program]: `names` is missing: the file names that it is called by"),
    ('names = ["tool"]', "names = []",
     "2: [program]: `names` must not be empty"),
    ("guarded = true", "guarded = 1",
     "3: [program]: `guarded` must be true or false"),
    ("guarded = true", "gaurded = true",
     "3: [program]: unknown key `gaurded`: did you mean `guarded`?"),
    ("guarded = true", 'reads = "psq"',
     "3: [program]: `reads` cannot be `psq`: did you mean `psql`?"),
    ("guarded = true", 'aliases = "git-alais"',
     "3: [program]: `aliases` cannot be `git-alais`: did you mean `git-alias`?"),
    ("guarded = true", 'linked = "railway"',
     "3: [program]: `linked` cannot be `railway`: did you mean `railway-link`?"),
    ("[grammar]", "[gramar]",
     "6: unknown key `gramar`: did you mean `grammar`?"),
    ("[grammar]", '[grammar]\nlong = "+"',
     "7: [grammar]: `long` cannot be `+`: known: --, -"),
    ("[grammar]", '[grammar]\nstdin = "SHEL"',
     "7: [grammar]: `stdin` cannot be `SHEL`: did you mean `SHELL`?"),
    ("[grammar]", '[grammar]\nruns_in = "git-tpo"',
     "7: [grammar]: `runs_in` cannot be `git-tpo`: did you mean `git-top`?"),
    ('"-f, --force"', "7",
     "7: [grammar]: `options` must hold only text"),
    ('absent = ["--command"]', "needs_settings = { git-confg = [] }",
     "11: [plain]: unknown key `git-confg`: did you mean `git-config`?"),
    ("[command.move]", '[command.move]\nopen = "yes"',
     "14: [command.move]: `open` must be true or false"),
    ('id = "tool-removes"\n', "",
     "19: rule 1: `id` is missing: a permanent name of its own"),
    ('reason = "only looks"\n', "",
     "30: rule tool-dry: `reason` is missing: what people read, in plain words"),
    ('reason = "only looks"', 'reason = ""',
     "34: rule tool-dry: `reason` must not be empty"),
    ('effect = "observe"', 'effect = "look"',
     "33: rule tool-dry: `effect` cannot be `look`: known: observe, create, replace, remove, publish, run, unknown"),
    ('effect = "observe"', 'effect = "observ"',
     "33: rule tool-dry: `effect` cannot be `observ`: did you mean `observe`?"),
    ('on = "PATH"', 'asks = "worktree-drity"',
     "22: rule tool-removes: `asks` cannot be `worktree-drity`: did you mean `worktree-dirty`?"),
    ('on = "PATH"', 'where = "git-confg x"',
     "22: rule tool-removes: `where`: `git-confg x` is not a source and its key: did you mean `git-config`?"),
    ('on = "PATH"', 'carries = "SHEL"',
     "22: rule tool-removes: `carries` cannot be `SHEL`: did you mean `SHELL`?"),
    ('on = "PATH"', 'environment = "prod"',
     "22: rule tool-removes: `environment` cannot be `prod`: known: production, staging, local"),
    ('on = "PATH"', 'on = "PATH"\nrefuses_kind = { directry = ["-f"] }',
     "23: rule tool-removes: unknown key `directry`: did you mean `directory`?"),
    ('on = "PATH"', 'recoverable_by = "refolg"',
     "22: rule tool-removes: `recoverable_by` cannot be `refolg`: did you mean `reflog`?"),
    ('if = ["-n"]', "if = [1]",
     "32: rule tool-dry: `if` must hold only text"),
    ('if = ["-n"]', 'if = "-n"',
     "32: rule tool-dry: `if` must be a list"),
    ('if = ["-n"]', 'operands = "many"',
     "32: rule tool-dry: `operands`: `many` is not a count such as 0, >=1 or <=2"),
    ('examples = [{ run = ["tool", "-n"], rating = "read" }]\n', "",
     "30: rule tool-dry: `examples` is missing: calls that the rule matches"),
    ('misses = [{ run = ["tool", "-n"], rating = "read" }]\n', "",
     "19: rule tool-removes: `misses` is missing: calls that it nearly matches, and must not"),
    ('misses = [{ run = ["tool", "-n"], rating = "read" }]', "misses = []",
     "28: rule tool-removes: `misses` must not be empty"),
    ('["tool", "a"], rating = "destructive"', '["tool", "a"], rating = "bad"',
     "36: rule tool-dry: `rating` cannot be `bad`: known: read, reversible, destructive"),
    ('["tool", "a"], given', '["tool", "a"], gvien',
     "26: rule tool-removes: unknown key `gvien`: did you mean `given`?"),
    ('paths = { a = "untracked" }', 'paths = { a = "untraked" }',
     "26: rule tool-removes: `a` cannot be `untraked`: did you mean `untracked`?"),
    ('paths = { a = "untracked" }', "worktree-drity = []",
     "26: rule tool-removes: unknown key `worktree-drity`: did you mean `worktree-dirty`?"),
    ("overwrites = true", "overwrites = true\noverrides = 1",
     "43: rule tool-move: `overrides` must be true or false"),
]  # fmt: skip

#: What only loading finds: names that other parts of the file do not have.
MISTAKEN = [
    ("[program]", "[program",
     "1: not TOML: Expected ']' at the end of a table declaration"),
    ("[grammar]", '[grammar]\ncwd_unknown_with = ["--levle"]',
     "7: [grammar]: this command has no option `--levle`: did you mean `--level`?"),
    ("[grammar]", '[grammar]\nwhen = { "--levle" = ["PATH"] }',
     "7: [grammar]: this command has no option `--levle`: did you mean `--level`?"),
    ('"-f, --force"', '"force"',
     "7: [grammar]: option `force` is not written as in a manual, as in `-o, --output FILE`"),
    ('"-f, --force"', '"-f,--force"',
     "7: [grammar]: option `-f,--force` is not written as in a manual, as in `-o, --output FILE`"),
    ("[command.move]", '[command.move]\njoined = { "--backup" = ["SOURCE", "DEST"] }',
     "14: [command.move]: this command has no option `--backup`: known: -f, --force, -n, --dry-run, --level, -c, "
     "--command, -C, -o, --output"),
    ('"-f, --force"', '"-n, --force"',
     "7: [grammar]: option -n is declared twice"),
    ('"-f, --force"', '"-f WORD, --force TEXT"',
     "7: [grammar]: option `-f WORD, --force TEXT` has values that differ: write one behind the last name"),
    ("-c, --command SHELL", "-c, --command SHEL",
     "7: [grammar]: `SHEL` is no role, but nearly one: did you mean `SHELL`?"),
    ("-c, --command SHELL", "-c, --command ARGV",
     "7: [grammar]: `ARGV` is a role of operands; of an option there is only `ARGV;`"),
    ("-C CHDIR", "-C CHIDR",
     "7: [grammar]: `CHIDR` is no role, but nearly one: did you mean `CHDIR`?"),
    ('operands = ["PATH..."]', 'operands = ["PATH", "PTAH..."]',
     "8: [grammar]: `PTAH` is no role, but nearly one: did you mean `PATH`?"),
    ('operands = ["PATH..."]', 'operands = ["PATH", "ARGV"]',
     "8: [grammar]: `ARGV` takes all the rest: write `ARGV...`"),
    ('absent = ["--command"]', 'absent = ["--comand"]',
     "11: [plain]: no command has an option of the canonical name `--comand`: did you mean `--command`?"),
    ("[command.move]", '[command."mv move"]',
     '13: [command."mv move"]: there is no [command."mv"] above it'),
    ("[command.move]", '[command.move]\naliases = ["rm"]\n[command.rm]',
     "15: [command.rm]: `rm` is also a name of move"),
    ('"SOURCE...", "DEST"', '"FILE...", "DIR"',
     "42: rule tool-move: `overwrites` needs arguments with the roles SOURCE or ARCHIVE, and DEST or TARGET"),
    ('id = "tool-dry"', 'id = "tool-removes"',
     "31: rule tool-removes: `tool-removes` is taken in tool.toml:20"),
    ('effect = "remove"', 'effect = "remove"\ntarget = "progam"',
     "22: rule tool-removes: `progam` is nearly a kind with a meaning: did you mean `program`?"),
    ('on = "PATH"', 'on = "PTAH"',
     "22: rule tool-removes: no argument here has the role `PTAH`: did you mean `PATH`?"),
    ('on = "PATH"', 'argument = { PTAH = ["*"] }',
     "22: rule tool-removes: no argument here has the role `PTAH`: did you mean `PATH`?"),
    ('on = "PATH"', 'asks = "worktree-dirty"\nunaffected_by = ["directry"]',
     "23: rule tool-removes: no rule of this program has the target `directry`: did you mean `directory`?"),
    ('if = ["-n"]', 'if = ["--dry-rnu"]',
     "32: rule tool-dry: this command has no option `--dry-rnu`: did you mean `--dry-run`?"),
    ('if = ["-n"]', 'if = ["--no-force"]',
     "32: rule tool-dry: this command has no option `--no-force`: did you mean `--force`?"),
    ('if = ["-n"]', 'if = ["--dry-run=client"]',
     "32: rule tool-dry: `--dry-run` takes no value, so that it never is `client`"),
    ("-o, --output FILE", "-o, --output SORCEE",
     "7: [grammar]: `SORCEE` is no role, but nearly one: did you mean `SOURCE`?"),
    ('if = ["-n"]', 'command = "mvoe"',
     "32: rule tool-dry: the grammar has no command `mvoe`: did you mean `move`?"),
    ('if = ["-n"]', 'names = ["tolo"]',
     "32: rule tool-dry: the program is not called `tolo`: did you mean `tool`?"),
]  # fmt: skip

#: What only the examples find.
DISPROVED = [
    ('rating = "destructive" },', 'rating = "read" },',
     "26: rule tool-removes: example `tool a` is rated destructive by tool-removes, not read"),
    ('rating = "destructive" },', 'rating = "destructive", catastrophic = true },',
     "26: rule tool-removes: example `tool a` is not catastrophic"),
    ('misses = [{ run = ["tool", "-n"], rating = "read" }]', 'misses = [{ run = ["tool"], rating = "read" }]',
     "28: rule tool-removes: near miss `tool` is spoken about by this rule, though it must not be"),
    ('examples = [{ run = ["tool", "-n"]', 'examples = [{ run = ["tool", "-n", "-z"]',
     "35: rule tool-dry: example `tool -n -z` is rated destructive by tool-dry, agentguard-unknown-option, not read"),
    ('["tool", "move", "a", "b"]', '["tool", "a"]',
     "44: rule tool-move: example `tool a` is not spoken about by this rule, but by tool-removes"),
]  # fmt: skip
