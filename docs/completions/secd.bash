# Completion of secd for bash: source it, or put it where bash-completion looks.

_secd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} words
    local commands="cache check-cert check-config connect dhcp-servers doctor erase fetch get log lsc
        probe refresh reload run show status trust verify"
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$commands help --help --version"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi

    case $previous in
        --config | --ctl | --itl | --key | --out | --socket)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
        --user)
            mapfile -t COMPREPLY < <(compgen -u -- "$current")
            return ;;
        --certs)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return ;;
        --installed)
            mapfile -t COMPREPLY < <(compgen -W "ctl itl" -- "$current")
            return ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W "text json junit tap" -- "$current")
            return ;;
        --console | --level)
            mapfile -t COMPREPLY < <(compgen -W "error warning notice info debug" -- "$current")
            return ;;
        --color)
            mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current")
            return ;;
        --purpose)
            mapfile -t COMPREPLY < <(compgen -W "https provisioning signalling capf" -- "$current")
            return ;;
        --blksize | --device | --host | --https | --lines | -n | --max | --name | --option-150 | \
            --option-66 | --server | \
            --siaddr | --sname | --tvs | --window)
            return ;;
    esac

    case $command in
        cache) words="--flush --json --socket" ;;
        check-cert) words="--host --json --purpose --socket" ;;
        check-config) words="--config --json --no-system --strict --user" ;;
        connect) words="--half-close --json --purpose --socket" ;;
        dhcp-servers) words="--json --option-150 --option-66 --siaddr --sname" ;;
        doctor | refresh | reload | status | trust) words="--json --socket" ;;
        erase) words="--json --pin --socket --yes" ;;
        fetch) words="--blksize --http --json --max --out --server --window" ;;
        get) words="--json --max --out --socket" ;;
        lsc) words="--json --socket --string --yes" ;;
        log) words="--console -f --follow --json --level -n --lines --socket" ;;
        probe) words="--ctl --device --format --http-port --https --https-port --itl --json --key --log --server
            --strict --tftp --tvs" ;;
        run) words="--config --format --https --json --log --once --strict" ;;
        show) words="--certs --installed --json --socket" ;;
        help) words="" ;;
        verify) words="--ctl --itl --json --key --name --out --tvs" ;;
        *) return ;;
    esac

    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words --color --help" -- "$current")
        return
    fi
    case $command in
        help)
            mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current") ;;
        erase) mapfile -t COMPREPLY < <(compgen -W "ctl itl all security" -- "$current") ;;
        lsc) mapfile -t COMPREPLY < <(compgen -W "show enrol delete" -- "$current") ;;
        check-cert | show | verify) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
}

complete -F _secd secd
