# docker-registry, dockerd, skopeo and umoci of Debian, started on loopback in a folder of their own and stopped by process id.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-MissingPart {
    # What of the real parts this machine lacks, as a text for a skip; empty when all are there.
    param([string[]] $Name)

    $missing = @($Name | Where-Object { -not (Get-Command -Name $_ -CommandType Application -ErrorAction Ignore) })
    if ('dockerd' -in $Name -and -not (Test-Root)) {
        $missing += 'root (for dockerd)'
    }
    $missing -join ', '
}

function Test-Root {
    $IsLinux -and (id -u) -eq '0'
}

function Get-FreePort {
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    try { $listener.LocalEndpoint.Port } finally { $listener.Stop() }
}

function Wait-Part {
    # Waits until $Ready is true; fails with the part's log when it ends or takes longer than a minute.
    param([System.Diagnostics.Process] $Process, [scriptblock] $Ready, [string] $Log)

    $limit = [datetime]::UtcNow.AddMinutes(1)
    while (-not (& $Ready)) {
        if ($Process.HasExited -or [datetime]::UtcNow -gt $limit) {
            throw "$($Process.StartInfo.FileName) does not run: $(Get-Content -LiteralPath $Log -Tail 20 -ErrorAction Ignore)"
        }
        Start-Sleep -Milliseconds 100
    }
}

function Start-RealRegistry {
    # Starts docker-registry; gives an object with Host and Process. With -AccessLog it writes a line for each request to registry.log.out,
    # with -Users (a file of htpasswd) it wants a password.
    param([string] $Folder, [switch] $AccessLog, [string] $Users)

    $address = "127.0.0.1:$(Get-FreePort)"
    $config = Join-Path $Folder registry.yml
    $log = Join-Path $Folder registry.log
    Set-Content -LiteralPath $config -Value @"
version: 0.1
log: {level: warn, accesslog: {disabled: $((-not $AccessLog).ToString().ToLowerInvariant())}}
storage: {filesystem: {rootdirectory: $Folder/registry}, delete: {enabled: true}}
http: {addr: $address}
$(if ($Users) { "auth: {htpasswd: {realm: test, path: $Users}}" })
"@
    $process = Start-Process -FilePath docker-registry -ArgumentList serve, $config -PassThru -RedirectStandardOutput "$log.out" `
        -RedirectStandardError $log
    Wait-Part $process {
        try { (Invoke-WebRequest "http://$address/v2/" -SkipHttpErrorCheck).StatusCode -in 200, 401 } catch { $false } } $log
    [pscustomobject]@{ Host = $address; Process = $process }
}

function Start-RealDocker {
    # Starts dockerd without networks; gives an object with Socket and Process.
    param([string] $Folder)

    $socket = "unix://$Folder/docker.sock"
    $log = Join-Path $Folder dockerd.log
    $process = Start-Process -FilePath dockerd -PassThru -RedirectStandardOutput "$log.out" -RedirectStandardError $log -ArgumentList @(
        '--iptables=false', '--ip6tables=false', '--bridge=none', '--data-root', "$Folder/data", '--exec-root', "$Folder/exec",
        '-H', $socket, '--pidfile', "$Folder/dockerd.pid")
    Wait-Part $process { docker -H $socket version 2>$null >$null; $LASTEXITCODE -eq 0 } $log
    [pscustomobject]@{ Socket = $socket; Process = $process }
}

function Start-RealPodman {
    # Starts podman's service on a storage of its own, in mounts of its own, without networks and control groups; gives an object with
    # Socket and Process.
    param([string] $Folder, [string] $Registry)

    $null = New-Item -ItemType Directory $Folder
    $socket = "unix://$Folder/podman.sock"
    $log = Join-Path $Folder podman.log
    # The limit of open files is one that a container may set where it lacks the right to raise it.
    Set-Content "$Folder/containers.conf" @'
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
'@
    Set-Content "$Folder/registries.conf" @"
[[registry]]
location = "$Registry"
insecure = true
"@
    # crun refuses the mixture of both kinds of control groups that some machines have, even where it shall use none.
    Set-Content "$Folder/start.sh" @'
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup || exit
exec podman "$@"
'@
    $variables = @{ CONTAINERS_CONF = "$Folder/containers.conf"; CONTAINERS_REGISTRIES_CONF = "$Folder/registries.conf" }
    $process = Start-Process -FilePath unshare -PassThru -Environment $variables -RedirectStandardOutput "$log.out" `
        -RedirectStandardError $log -ArgumentList @(
        '--mount', 'sh', "$Folder/start.sh", '--root', "$Folder/root", '--runroot', "$Folder/run", '--tmpdir', "$Folder/tmp",
        '--storage-driver', 'overlay', '--runtime', 'crun', 'system', 'service', '--time=0', $socket)
    Wait-Part $process { docker -H $socket version 2>$null >$null; $LASTEXITCODE -eq 0 } $log
    [pscustomobject]@{ Socket = $socket; Process = $process }
}

function Stop-RealPart {
    # Asks a part to end, and waits for it.
    param($Part)

    if ($Part -and -not $Part.Process.HasExited) {
        kill -TERM $Part.Process.Id
        if (-not $Part.Process.WaitForExit(30000)) {
            $Part.Process.Kill()
            $Part.Process.WaitForExit()
        }
    }
}

function Invoke-Native {
    # Runs a program with its arguments; its output, or a failure with what it said. No named parameters: the arguments are the program's.
    $file, $rest = $args
    $output = & $file @rest 2>&1
    if ($LASTEXITCODE -ne 0) {
        throw "$file $rest failed with $LASTEXITCODE`: $output"
    }
    ($output | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] }) -join "`n"
}

Export-ModuleMember -Function Get-MissingPart, Start-RealRegistry, Start-RealDocker, Start-RealPodman, Stop-RealPart, Invoke-Native
