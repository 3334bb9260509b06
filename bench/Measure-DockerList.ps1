<#
.SYNOPSIS
Compares Get-Image -Store docker with Docker's own list call, in pairs, in this session.

.DESCRIPTION
Needs PowerShell 7 and a Docker Engine on a Unix socket that has many images. Docker's own call is GET /images/json over one kept connection, its
body read and thrown away. Get-Image asks for the images and for the containers, reads both, and writes an object for each image.
The session is warm: each side runs Warm times before the first pair. The first list ever, which asks for the platform of each image, is measured before,
with nothing kept from earlier, and so is the next one.

.EXAMPLE
pwsh -NoProfile -File bench/Measure-DockerList.ps1 -Socket /run/docker.sock
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Socket,
    [string] $Module = (Convert-Path "$PSScriptRoot/../output/ImgsPS/*/ImgsPS.psd1"),
    [ValidateRange(1, 1000)] [int] $Pairs = 9,
    [ValidateRange(0, 1000)] [int] $Warm = 15
)

$ErrorActionPreference = 'Stop'
$env:XDG_DATA_HOME = Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-bench-$([guid]::NewGuid().ToString('N'))"
Import-Module $Module
Add-Type -TypeDefinition @'
using System.Net.Http;
using System.Net.Sockets;
public static class DockerSocket
{
    public static HttpClient Open(string path) => new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, true);
        },
    });
}
'@

$engine = [DockerSocket]::Open($Socket)
$store = "unix://$Socket"
$ask = { $null = $engine.GetByteArrayAsync('http://engine/images/json').GetAwaiter().GetResult() }
$list = { $null = Get-Image -Store $store }

function Measure-Once([scriptblock] $Work) {
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    & $Work
    $watch.Elapsed.TotalMilliseconds
}

function Get-Median([double[]] $Number) {
    $sorted = @($Number | Sort-Object)
    ($sorted[[math]::Floor(($sorted.Count - 1) / 2)] + $sorted[[math]::Floor($sorted.Count / 2)]) / 2
}

# Code is compiled by lists that show nothing, and so ask for no image.
for ($i = 0; $i -lt $Warm; $i++) { $null = Get-Image -Store $store -Filter 'label=imgsps-bench=no' }
$first, $next = (Measure-Once $list), (Measure-Once $list)
$images = @(Get-Image -Store $store).Count
for ($i = 0; $i -lt $Warm; $i++) {
    & $ask
    & $list
}

$rows = for ($i = 1; $i -le $Pairs; $i++) {
    $a = Measure-Once $ask
    $b = Measure-Once $list
    [pscustomobject]@{ Pair = $i; DockerMs = [math]::Round($a, 1); GetImageMs = [math]::Round($b, 1); Ratio = [math]::Round($b / $a, 2) }
}

$rows | Format-Table | Out-String | Write-Output
'{0} images, {1} pairs after {2} warm rounds: median {3:n1} ms against {4:n1} ms, median of the ratios {5:n2}' -f $images, $Pairs, $Warm,
    (Get-Median $rows.GetImageMs), (Get-Median $rows.DockerMs), (Get-Median $rows.Ratio)
'the first list ever: {0:n0} ms, the next: {1:n0} ms' -f $first, $next
Remove-Item -LiteralPath $env:XDG_DATA_HOME -Recurse
