# A real terminal for the tests: PowerShell in a tmux of its own, where there is a tmux.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# Why there is no terminal here, or nothing.
function Get-NoTerminalReason {
    if ($env:OS -eq 'Windows_NT' -or -not (Get-Command tmux -CommandType Application -ErrorAction Ignore)) { 'there is no tmux' }
}

# Starts a program in a terminal of 160 x 50; what it writes goes to a file too, byte for byte.
function Start-TestTerminal {
    param([Parameter(Mandatory)] [string[]] $Command)

    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-tmux-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory -Path $folder
    $terminal = [pscustomobject]@{ Folder = $folder; Socket = Join-Path $folder 'socket'; Raw = Join-Path $folder 'raw' }

    # The program waits for the file that says that the copy of its output has begun.
    $program = ($Command | ForEach-Object { "'" + $_.Replace("'", "'\''") + "'" }) -join ' '
    Invoke-Tmux $terminal -f /dev/null new-session -d -x 160 -y 50 -s t "while [ ! -e '$folder/go' ]; do sleep 0.05; done; exec $program"
    Invoke-Tmux $terminal set-option -g set-clipboard on
    Invoke-Tmux $terminal set-option -g remain-on-exit on
    Invoke-Tmux $terminal pipe-pane -O -t t "cat > '$($terminal.Raw)'"
    $null = New-Item -ItemType File -Path "$folder/go"
    $terminal
}

# Runs a command of tmux. A plain function, which leaves tmux's options alone.
function Invoke-Tmux {
    $terminal, $arguments = $args[0], @($args | Select-Object -Skip 1)
    & tmux -S $terminal.Socket @arguments
}

# Types a line.
function Send-Line {
    param([Parameter(Mandatory)] $Terminal, [Parameter(Mandatory)] [string] $Line)
    Invoke-Tmux $Terminal send-keys -t t -l $Line
    Invoke-Tmux $Terminal send-keys -t t Enter
}

# Presses a key: C-c, Enter, ...
function Send-Key {
    param([Parameter(Mandatory)] $Terminal, [Parameter(Mandatory)] [string] $Key)
    Invoke-Tmux $Terminal send-keys -t t $Key
}

# What stands on the screen, without attributes.
function Get-Screen {
    param([Parameter(Mandatory)] $Terminal)
    (Invoke-Tmux $Terminal capture-pane -p -J -t t) -join "`n"
}

# Waits until a condition holds; a test that waits in vain fails with what it waited for.
function Wait-Until {
    param([Parameter(Mandatory)] [string] $What, [Parameter(Mandatory)] [scriptblock] $Condition, [int] $Seconds = 120, $Terminal)

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds) {
            throw "Waited $Seconds s in vain: $What. $(if ($Terminal) { Get-Screen $Terminal })"
        }

        Start-Sleep -Milliseconds 20
    }
}

function Stop-TestTerminal {
    param([Parameter(Mandatory)] $Terminal)
    Invoke-Tmux $Terminal kill-server
    Remove-Item -LiteralPath $Terminal.Folder -Recurse -Force
}

Export-ModuleMember -Function *
