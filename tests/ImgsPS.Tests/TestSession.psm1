# What the tests share: the built module, a test registry in a process of its own, stores in temporary folders.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))

# The built module's manifest: $env:IMGSPS_MODULE (the manifest or its folder), else the newest in output/.
function Get-TestModulePath {
    if ($env:IMGSPS_MODULE) {
        $path = $env:IMGSPS_MODULE
        if (Test-Path -LiteralPath $path -PathType Container) { $path = Join-Path $path 'ImgsPS.psd1' }
        return $path
    }

    $built = Get-ChildItem -Path (Join-Path $root 'output/ImgsPS/*/ImgsPS.psd1') | Sort-Object LastWriteTime | Select-Object -Last 1
    if (-not $built) { throw 'There is no built module in output/. Run build.ps1 -Task Build first.' }
    $built.FullName
}

function Import-TestModule {
    Import-Module -Name (Get-TestModulePath) -Force -Global
}

# The program of tests/ImgsPS.TestRegistry: $env:IMGSPS_TEST_REGISTRY, else the newest that was built.
function Get-TestRegistryPath {
    if ($env:IMGSPS_TEST_REGISTRY) { return $env:IMGSPS_TEST_REGISTRY }
    $built = Get-ChildItem -Path (Join-Path $root 'tests/ImgsPS.TestRegistry/bin/*/net8.0/ImgsPS.TestRegistry.dll') |
        Sort-Object LastWriteTime | Select-Object -Last 1
    if (-not $built) { throw 'The test registry is not built. Run dotnet build tests/ImgsPS.TestRegistry.' }
    $built.FullName
}

# Starts a registry; it ends with this process, or with Stop-TestRegistry.
function Start-TestRegistry {
    param([switch] $SeedDemo, [switch] $Behaviours)

    $ready = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-' + [guid]::NewGuid().ToString('N'))
    $start = [System.Diagnostics.ProcessStartInfo]::new('dotnet')
    $start.Arguments = '"{0}" --ready-file "{1}"{2}' -f (Get-TestRegistryPath), $ready,
        "$(if ($SeedDemo) { ' --seed-demo' })$(if ($Behaviours) { ' --behaviours' })"
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    while (-not (Test-Path -LiteralPath $ready)) {
        if ($process.HasExited) { throw "The test registry ended with $($process.ExitCode)." }
        Start-Sleep -Milliseconds 50
    }

    $address = [System.IO.File]::ReadAllText($ready).Trim()
    Remove-Item -LiteralPath $ready
    [pscustomobject]@{ Host = $address; Process = $process }
}

function Stop-TestRegistry {
    param([Parameter(Mandatory)] $Registry)

    $Registry.Process.StandardInput.Close()
    if (-not $Registry.Process.WaitForExit(10000)) { $Registry.Process.Kill() }
    $Registry.Process.Dispose()
}

# A control request: tests/ImgsPS.TestRegistry/README.md lists them.
function Invoke-TestRegistry {
    param(
        [Parameter(Mandatory)] $Registry,
        [Parameter(Mandatory)] [string] $Path,
        [hashtable] $Body,
        [string] $Method = 'Post'
    )

    $request = @{ Uri = "http://$($Registry.Host)/_test/$Path"; Method = $Method; UseBasicParsing = $true; Verbose = $false }
    if ($Body) {
        $request.Body = ConvertTo-Json $Body -Depth 8
        $request.ContentType = 'application/json'
    }

    Invoke-RestMethod @request
}

# Adds an image and returns what the registry says of it: digest, id, layers, ...
function Add-TestImage {
    param(
        [Parameter(Mandatory)] $Registry,
        [Parameter(Mandatory)] [string] $Reference,
        [hashtable] $Image = @{}
    )

    Invoke-TestRegistry $Registry images @{ reference = $Reference; image = $Image }
}

# Adds an index with one image for each platform, given as hashtables.
function Add-TestIndex {
    param(
        [Parameter(Mandatory)] $Registry,
        [Parameter(Mandatory)] [string] $Reference,
        [Parameter(Mandatory)] [hashtable[]] $Images
    )

    Invoke-TestRegistry $Registry indexes @{ reference = $Reference; images = $Images }
}

# Makes the registry do wrong: -Fault as in its README.
function Add-TestFault {
    param([Parameter(Mandatory)] $Registry, [Parameter(Mandatory)] [hashtable] $Fault)
    $null = Invoke-TestRegistry $Registry faults $Fault
}

# Takes all faults away and empties the log of requests.
function Reset-TestRegistry {
    param([Parameter(Mandatory)] $Registry)
    $null = Invoke-TestRegistry $Registry faults -Method Delete
    $null = Invoke-TestRegistry $Registry requests -Method Delete
}

# The requests since the last reset, as "METHOD path".
function Get-TestRequest {
    param([Parameter(Mandatory)] $Registry)
    @(Invoke-TestRegistry $Registry requests -Method Get | ForEach-Object { $_ }) | ForEach-Object { "$($_.method) $($_.path)" }
}

# Makes a new temporary folder the local store, and returns it.
function New-TestStore {
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-store-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory -Path $folder
    $env:IMGSPS_STORE = $folder
    $folder
}

function Remove-TestStore {
    param([Parameter(Mandatory)] [string] $Folder)
    $env:IMGSPS_STORE = $null
    if ($env:IMGSPS_SECRET_SEARCH -eq '1') {
        Import-Module "$PSScriptRoot/SecretSearch.psm1"
        Add-SecretFinding 'a file of a store' (Find-TestSecretInFolder $Folder)
    }

    Remove-Item -LiteralPath $Folder -Recurse -Force
}

# The command line that starts a PowerShell like this one: its program, or dotnet and pwsh.dll where PowerShell is a .NET tool.
function Get-TestShell {
    $program = (Get-Process -Id $PID).Path
    $program
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' }
}

# Starts a PowerShell like this one, with its input at its end. The caller reads its output and its errors.
function Start-TestShell {
    param([Parameter(Mandatory)] [string[]] $Arguments)

    $program, [string[]] $starter = @(Get-TestShell)
    $start = [System.Diagnostics.ProcessStartInfo]::new($program)
    $start.Arguments = (@($starter) + $Arguments | Where-Object { $_ } | ForEach-Object { '"' + $_ + '"' }) -join ' '
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    $process
}

# Runs a script in a PowerShell of its own, the same edition as this one, and returns its output as text.
function Invoke-TestShell {
    param([Parameter(Mandatory)] [string] $Script, [string[]] $Prefix = @(), [string[]] $Shell = @(Get-TestShell))

    $program, [string[]] $starter = $Prefix + $Shell
    $encoded = [System.Convert]::ToBase64String(
        [System.Text.Encoding]::Unicode.GetBytes('$ProgressPreference = ''SilentlyContinue''; ' + $Script))
    & $program @starter -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand $encoded 2>&1 | ForEach-Object { "$_" }
}

# The lines of "What if" of a script: no objects, but what a host shows, and a transcript keeps.
function Get-WhatIfLine {
    param([Parameter(Mandatory)] [scriptblock] $Script)

    $file = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-' + [guid]::NewGuid().ToString('N'))
    $null = Start-Transcript -LiteralPath $file
    try { & $Script | Out-Null } finally { $null = Stop-Transcript }
    [System.IO.File]::ReadAllLines($file) -like 'What if:*'
    Remove-Item -LiteralPath $file
}

# Runs a script in another runspace of this process, with the module imported there. The caller stops or ends it.
function Start-TestPipeline {
    param([Parameter(Mandatory)] [string] $Script)

    $state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
    $state.ImportPSModule([string[]]@(Get-TestModulePath))
    $powershell = [powershell]::Create($state)
    $null = $powershell.AddScript($Script)
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $handle = $powershell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
    [pscustomobject]@{ PowerShell = $powershell; Handle = $handle; Output = $output }
}

# Puts an artifact into a registry as a signing tool does, by plain requests: about the digest -Subject, or under a tag. Returns its
# descriptor as a hashtable. -List adds it to the fallback tag, for a registry that does not list referrers.
function Add-TestReferrer {
    param(
        [Parameter(Mandatory)] [string] $Address,
        [Parameter(Mandatory)] [string] $Repository,
        [string] $Subject,
        [string] $ArtifactType,
        [string] $Content = 'content',
        [string] $MediaType = 'text/plain',
        [hashtable] $Annotations = @{},
        [string] $Tag,
        [switch] $List
    )

    $api = "http://$Address/v2/$Repository"
    $plain = @{ UseBasicParsing = $true; Verbose = $false }
    $types = @{ Accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, ' +
        'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json' }
    $sha = [System.Security.Cryptography.SHA256]::Create()
    $digestOf = { param($Bytes) 'sha256:' + -join ($sha.ComputeHash($Bytes) | ForEach-Object { $_.ToString('x2') }) }
    $blobs = foreach ($text in '{}', $Content) {
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
        $digest = & $digestOf $bytes
        $session = Invoke-WebRequest "$api/blobs/uploads/" -Method Post @plain
        $location = [uri]::new([uri]$api, [string]@($session.Headers['Location'])[0]).AbsoluteUri
        $location += $(if ($location.Contains('?')) { '&' } else { '?' }) + 'digest=' + $digest
        $null = Invoke-WebRequest $location -Method Put -Body $bytes -ContentType application/octet-stream @plain
        @{ digest = $digest; size = $bytes.Length }
    }

    $blobs[0].mediaType = if ($ArtifactType) { 'application/vnd.oci.empty.v1+json' } else { 'application/vnd.oci.image.config.v1+json' }
    $blobs[1].mediaType = $MediaType
    $manifest = @{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $blobs[0]; layers = @($blobs[1]) }
    if ($ArtifactType) { $manifest.artifactType = $ArtifactType }
    if ($Annotations.Count) { $manifest.annotations = $Annotations }
    if ($Subject) {
        $about = Invoke-WebRequest "$api/manifests/$Subject" -Headers $types @plain
        $type = [string]@($about.Headers['Content-Type'])[0]
        $manifest.subject = @{ mediaType = $type; digest = $Subject; size = [int][string]@($about.Headers['Content-Length'])[0] }
    }

    $bytes = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $manifest -Depth 8 -Compress))
    $digest = & $digestOf $bytes
    $name = if ($Tag) { $Tag } else { $digest }
    $null = Invoke-WebRequest "$api/manifests/$name" -Method Put -Body $bytes -ContentType $manifest.mediaType @plain
    $entry = @{ mediaType = $manifest.mediaType; digest = $digest; size = $bytes.Length; annotations = $Annotations }
    if ($ArtifactType) { $entry.artifactType = $ArtifactType }
    if ($List) {
        $index = @{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.index.v1+json'; manifests = @($entry) }
        $null = Invoke-WebRequest "$api/manifests/$($Subject.Replace(':', '-'))" -Method Put -ContentType $index.mediaType @plain `
            -Body ([System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $index -Depth 8 -Compress)))
    }

    $entry
}

Export-ModuleMember -Function *
