# Prints what zsh completes behind each line: zsh -f complete.zsh FOLDER SCRATCH LINE..., with `_secd`
# in FOLDER, a line of matches for each LINE. An interactive zsh, in a terminal of its own, writes its
# matches into a file of the folder SCRATCH.

zmodload zsh/zpty
folder=$1 scratch=$2
shift 2
cat >$scratch/rc <<'END'
fpath=($folder $fpath)
autoload -Uz compinit && compinit -D -u
compadd() {
    local -a found
    # With these options it fills arrays for the completion system itself.
    if [[ ${@[1,(i)(-|--)]} = *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A found "$@"
    print -rn -- "${(j: :)found} " >>$scratch/matches
    builtin compadd "$@"
}
matches() {
    _main_complete
    compstate[insert]='' compstate[list]=''
    print >>$scratch/matches
    : >$scratch/done
}
zle -C matches complete-word matches
bindkey '^I' matches
END
TERM=dumb zpty inner zsh -f -i
zpty -w inner "folder=${(q)folder} scratch=${(q)scratch}; source ${(q)scratch}/rc"
for line; do
    # The line is cleared first: what was typed before still stands there.
    zpty -w -n inner $'\C-u'"$line"$'\t'
    for attempt in {1..500}; do
        zpty -r -t inner ignored
        [[ -e $scratch/done ]] && break
        sleep 0.02
    done
    rm $scratch/done || exit 1
done
zpty -d inner
cat $scratch/matches
