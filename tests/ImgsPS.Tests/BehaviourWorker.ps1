<#
.SYNOPSIS
Runs rows of tests/data/behaviours.json through the cmdlets and writes what came of each as JSON. Behaviours.Tests.ps1 starts it in a process of its own.
.PARAMETER Module
The module's manifest.
.PARAMETER Registry
The test registry's control address: host and port of a program that runs with --behaviours.
.PARAMETER Rows
A JSON file with the rows, defaults filled in.
.PARAMETER Folder
Where stores go; result.json too.
#>
param(
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Registry,
    [Parameter(Mandatory)] [string] $Rows,
    [Parameter(Mandatory)] [string] $Folder
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module -Name $Module

# The formatter's own colours would hide a server's: without them every escape that is left is one.
if (Test-Path -Path Variable:PSStyle) {
    $PSStyle.OutputRendering = 'Ansi'
    foreach ($name in 'TableHeader', 'FormatAccent', 'CustomTableHeaderLabel', 'Error', 'ErrorAccent', 'Warning', 'Verbose', 'Debug',
        'FeedbackName', 'FeedbackText', 'FeedbackAction') {
        if ($PSStyle.Formatting.PSObject.Properties[$name]) {
            try { $PSStyle.Formatting.$name = '' } catch { Write-Debug "$name cannot be empty" }
        }
    }
}

function Invoke-Control {
    param([string] $Address, [string] $Path, [string] $Method = 'Get', $Body)

    $request = @{ Uri = "http://$Address/_test/$Path"; Method = $Method; UseBasicParsing = $true }
    if ($Body) { $request.Body = ConvertTo-Json $Body; $request.ContentType = 'application/json' }
    Invoke-RestMethod @request
}

function Get-CommandOf {
    param($Row, $Set, [string] $Store)

    $parameters = @{}
    if ($Row.credential) {
        $parameters.Credential = [pscredential]::new($Set.userName, (ConvertTo-SecureString $Set.password -AsPlainText -Force))
    }

    if ($Row.plainHttp) { $parameters.PlainHttp = $true }
    if ($Row.proxy) { $parameters.Proxy = "http://$($Set.host)" }
    if ($Row.trustOther) { $parameters.TrustedRealm = @($Set.others)[0] }
    switch ($Row.operation) {
        'search' { $name = 'Find-Image'; $parameters.Term = $Set.repository; $parameters.Registry = $Set.host }
        'manifest' { $name = 'Get-ImageManifest'; $parameters.Reference = $Set.reference }
        default {
            $name = 'Invoke-ImagePull'
            $parameters.Reference = $Set.reference
            $parameters.Store = $Store
            if ($Row.operation -eq 'tags') {
                $parameters.Reference = "$($Set.host)/$($Set.repository)"
                $parameters.AllTags = $true
            }

            if ($Row.platform) { $parameters.Platform = $Row.platform }
        }
    }

    $name, $parameters
}

# Every text of a record that a user, a log or a transcript could show.
function Get-TextOfError {
    param($Record)

    "$Record"
    $Record.Exception.ToString()
    Get-Advice $Record
    "$($Record.TargetObject) $($Record.FullyQualifiedErrorId) $($Record.CategoryInfo)"
    $Record | Out-String -Width 4000
}

function Get-Advice {
    param($Record)

    if ($null -ne $Record.ErrorDetails) { "$($Record.ErrorDetails) $($Record.ErrorDetails.RecommendedAction)" }
}

# What is wrong with a store, as sentences.
function Get-StoreProblem {
    param([string] $Store, [bool] $KeepsIngest)

    foreach ($file in @(Get-ChildItem -LiteralPath $Store -Recurse -File -Force -ErrorAction Ignore)) {
        $path = $file.FullName.Substring($Store.Length + 1).Replace('\', '/')
        if ($path -match '^blobs/sha256/([0-9a-f]{64})$') {
            $hash = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256).Hash
            if ($hash -ne $Matches[1]) { "$path has the hash $hash" }
        } elseif ($path -match '^\.imgsps/ingest/[^/]+/(data|meta\.json|lock)$') {
            if (-not $KeepsIngest) { "$path is left over" }
        } elseif ($path -notmatch '^(oci-layout|index\.json|\.imgsps/(version|catalog\.json|index\.prev\.json|index\.seal|verified\.\d+|locks/store\.lock(\.owner)?))$') {
            "nothing should be at $path"
        }
    }
}

function Get-Secret {
    param($Set, [object[]] $Log)

    $bytes = [System.Text.Encoding]::UTF8
    $Set.password
    [uri]::EscapeDataString($Set.password)
    [System.Convert]::ToBase64String($bytes.GetBytes($Set.userName + ':' + $Set.password))
    [System.Convert]::ToBase64String($bytes.GetBytes($Set.password))
    foreach ($request in $Log) {
        foreach ($header in $request.headers) {
            if ($header.name -eq 'Authorization' -and $header.value -like 'Bearer *') { $header.value.Substring(7) }
        }
    }
}

function Complete-Row {
    param($Job)

    $row, $set, $shell = $Job.Row, $Job.Set, $Job.Shell
    $ended = $Job.Handle.AsyncWaitHandle.WaitOne([timespan]::FromSeconds($row.seconds + 60))
    $output = @()
    if ($ended) {
        try { $output = @($shell.EndInvoke($Job.Handle)) } catch { $shell.Streams.Error.Add($_) }
    } else {
        $shell.Stop()
    }

    $errors = @($shell.Streams.Error)
    $own = @(Invoke-Control $set.host requests | ForEach-Object { $_ })
    $elsewhere = @(foreach ($other in $set.others) {
        # Those two speak TLS alone, also to this script.
        if ($row.name -notin 'rn07-tls-on-loopback', 'ff15-tls-trusted') { Invoke-Control $other requests | ForEach-Object { $_ } } })
    $log = $own + $elsewhere
    $secrets = @(Get-Secret $set $own | Select-Object -Unique)
    $lines = @(
        $shell.Streams.Warning; $shell.Streams.Verbose; $shell.Streams.Debug; $shell.Streams.Information
        $shell.Streams.Progress | ForEach-Object { "$($_.Activity) $($_.StatusDescription) $($_.CurrentOperation)" }
    ) | ForEach-Object { "$_" }
    $failures = @($errors | ForEach-Object { Get-TextOfError $_ })
    $shown = $output | Out-String -Width 4000
    $told = ($lines + $failures) -join "`n"
    $leaks = @(foreach ($secret in $secrets) {
        if ($told.IndexOf($secret, [System.StringComparison]::OrdinalIgnoreCase) -ge 0) { "a message has $secret" } })
    foreach ($request in $elsewhere) {
        $text = ConvertTo-Json $request -Depth 5
        $names = @($request.headers | ForEach-Object { $_.name })
        if ($names -contains 'Authorization' -or
            $names -contains 'Cookie') { $leaks += "$($request.method) $($request.path) elsewhere is authorized" }
        foreach ($secret in $secrets) { if ($text.Contains($secret)) { $leaks += "$($request.path) elsewhere has $secret" } }
    }

    # Lines break where the formatter breaks them; nothing else may move a cursor.
    $control = @(($lines + $failures + $shown) | ForEach-Object { [regex]::Matches(($_ -replace "\r?\n|\x1b\[0m", ' '),
        '[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]') } |
            ForEach-Object { 'U+{0:X4}' -f [int][char]$_.Value } | Select-Object -Unique)
    $message = @($errors | ForEach-Object { "$_"; Get-Advice $_ }) -join "`n"
    $images = @(if ($row.operation -ne 'search' -and $row.operation -ne 'manifest') { Get-Image -Store $Job.Store })
    [pscustomobject]@{
        name     = $row.name
        ended    = $ended
        ids      = @($errors | ForEach-Object { ($_.FullyQualifiedErrorId -split ',')[0] })
        category = @($errors | ForEach-Object { "$($_.CategoryInfo.Category)" })
        message  = $message
        told     = $told
        host     = $set.host
        others   = @($set.others)
        digest   = $set.digest
        output   = @($output | ForEach-Object { if ($row.operation -eq 'search') {
            "$($_.Name) $($_.Description)" } elseif ($row.operation -eq 'tags') { "$($_.Tag)" } else { "$($_.Digest)" } })
        images   = @($images | ForEach-Object { "$($_.Digest)" })
        requests = $log.Count
        bytes    = [System.Linq.Enumerable]::Sum([long[]]@($log | ForEach-Object { $_.bytesSent }))
        leaks    = $leaks
        control  = $control
        problems = @(Get-StoreProblem $Job.Store ($row.keepsIngest))
    }

    $shell.Dispose()
}

$state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
$state.ImportPSModule([string[]]@($Module))
$pool = [runspacefactory]::CreateRunspacePool($state)
$null = $pool.SetMaxRunspaces(6)
$pool.Open()
$jobs = foreach ($row in @(Get-Content -LiteralPath $Rows -Raw | ConvertFrom-Json | ForEach-Object { $_ })) {
    $set = Invoke-Control $Registry behaviours Post @{ name = $row.name }
    $store = [System.IO.Path]::Combine($Folder, $row.name)
    $name, $parameters = Get-CommandOf $row $set $store
    $shell = [powershell]::Create()
    $shell.RunspacePool = $pool
    $null = $shell.AddScript('param($name, $parameters) $VerbosePreference = $DebugPreference = "Continue"; & $name @parameters').AddArgument($name).AddArgument($parameters)
    @{ Row = $row; Set = $set; Store = $store; Shell = $shell; Handle = $shell.BeginInvoke() }
}

$results = @($jobs | ForEach-Object { Complete-Row $_ })
$pool.Dispose()
[System.IO.File]::WriteAllText([System.IO.Path]::Combine($Folder, 'result.json'), (ConvertTo-Json $results -Depth 6))
