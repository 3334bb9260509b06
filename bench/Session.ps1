<#
.SYNOPSIS
A warm PowerShell session for ImgsPS.Bench, which starts it: imports the module, then measures the scripts that come over a pipe.

.DESCRIPTION
Each line is a kind and a script in base64: run (not measured), time, or memory, which makes the heap give back all it can first.
Each answer is a line of JSON: seconds of wall and of CPU (user and system, this process), and the most memory that was needed over what the idle
session had, in MiB; or the error. The first answer is this process's id and how long Import-Module took.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pipe,
    [Parameter(Mandatory)] [string] $Module
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$link = [System.IO.Pipes.NamedPipeClientStream]::new('.', $Pipe, [System.IO.Pipes.PipeDirection]::InOut)
$link.Connect(30000)
$reader = [System.IO.StreamReader]::new($link)
$writer = [System.IO.StreamWriter]::new($link)
$writer.AutoFlush = $true
$invariant = [System.Globalization.CultureInfo]::InvariantCulture
$self = [System.Diagnostics.Process]::GetCurrentProcess()

function Get-StatusMiB([string] $Key) {
    foreach ($line in [System.IO.File]::ReadAllLines('/proc/self/status')) {
        if ($line.StartsWith($Key)) {
            return [double]::Parse($line.Substring($Key.Length).Replace('kB', '').Trim(), $invariant) / 1024
        }
    }
}

$watch = [System.Diagnostics.Stopwatch]::StartNew()
Import-Module -Name $Module
$watch.Stop()
$writer.WriteLine([string]::Format($invariant, '{{"id":{0},"seconds":{1:r}}}', $PID, $watch.Elapsed.TotalSeconds))

while ($null -ne ($line = $reader.ReadLine())) {
    $kind, $text = $line.Split(' ')
    try {
        $work = [scriptblock]::Create([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($text)))
        if ($kind -eq 'run') {
            $null = & $work
            $writer.WriteLine('{}')
            continue
        }

        [System.GC]::Collect(2, $(if ($kind -eq 'memory') { 'Aggressive' } else { 'Forced' }), $true, $true)
        $idle = 0
        if ($IsLinux) {
            # Sets the high-water mark back to what is in memory now.
            [System.IO.File]::WriteAllText('/proc/self/clear_refs', '5')
            $idle = Get-StatusMiB 'VmRSS:'
        }

        $self.Refresh()
        $cpu = $self.TotalProcessorTime.TotalSeconds
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        & $work
        $seconds = $watch.Elapsed.TotalSeconds
        $self.Refresh()
        $cpu = $self.TotalProcessorTime.TotalSeconds - $cpu
        $peak = if ($IsLinux) { ((Get-StatusMiB 'VmHWM:') - $idle).ToString('r', $invariant) } else { 'null' }
        $writer.WriteLine([string]::Format($invariant, '{{"seconds":{0:r},"cpu":{1:r},"peak":{2}}}', $seconds, $cpu, $peak))
    } catch {
        $writer.WriteLine('{"error":' + [System.Text.Json.JsonSerializer]::Serialize("$_", [string]) + '}')
    }
}
