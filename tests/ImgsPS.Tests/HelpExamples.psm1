# What the examples of docs/cmdlets need to run: the images, registries, Docker Engines and files that they name, on loopback and in
# temporary folders.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/TestSession.psm1"

$root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))

# All examples of the pages: Name, Cmdlet, Title, Code, and Output where the page shows one.
function Get-HelpExample {
    foreach ($page in Get-ChildItem -Path (Join-Path $root 'docs/cmdlets/*.md')) {
        $text = [System.IO.File]::ReadAllText($page.FullName).Replace("`r`n", "`n")
        $part = $text.Substring($text.IndexOf("`n## EXAMPLES`n"))
        $part = $part.Substring(0, $part.IndexOf("`n## PARAMETERS`n"))
        foreach ($example in [regex]::Matches($part, '(?ms)^### Example (\d+): (.*?)\n(.*?)(?=^### |\z)')) {
            $blocks = [regex]::Matches($example.Groups[3].Value, '(?ms)^```(\w*)\n(.*?)\n```')
            [pscustomobject]@{
                Name   = '{0} {1}' -f $page.BaseName, $example.Groups[1].Value
                Cmdlet = $page.BaseName
                Title  = $example.Groups[2].Value
                Code   = @($blocks | Where-Object { $_.Groups[1].Value -eq 'powershell' } |
                    ForEach-Object { $_.Groups[2].Value }) -join "`n"
                Output = @($blocks | Where-Object { $_.Groups[1].Value -eq 'Output' } | ForEach-Object { $_.Groups[2].Value }) -join "`n"
            }
        }
    }
}

# The example with the test registry in place of the registries it names, a temporary folder in place of D:\images, and thousands for
# billions of bytes.
function ConvertTo-TestCode {
    param([Parameter(Mandatory)] [string] $Code, [Parameter(Mandatory)] $World)

    $Code = $Code -replace '\b(mcr\.microsoft\.com|reg\.example\.com(:5000)?)(?![\w.])', $World.Registry.Host
    $Code = $Code -replace '(?<![\w./:*-])(app|alpine)(?=[:@])', "$($World.Registry.Host)/`$1"
    $Code = $Code -replace '(?<=\b\d+)GB\b', 'KB'
    $Code.Replace('D:\images', $World.Folder)
}

# Two Docker Engines as the contexts web1 and web2 of a docker configuration; the double of tests/ImgsPS.TestDocker, in this process.
function Start-ExampleDocker {
    param([Parameter(Mandatory)] $Registry, [Parameter(Mandatory)] [string] $Config)

    foreach ($name in 'web1', 'web2') {
        $docker = [ImgsPS.Testing.TestDocker]::Start($Registry.InProcess)
        $sha = [System.Security.Cryptography.SHA256]::Create()
        $hash = -join ($sha.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($name)) | ForEach-Object { $_.ToString('x2') })
        $folder = New-Item -ItemType Directory -Path (Join-Path $Config "contexts/meta/$hash") -Force
        $context = @{ Name = $name; Metadata = @{}; Endpoints = @{ docker = @{ Host = $docker.Address; SkipTLSVerify = $false } } }
        Set-Content -LiteralPath (Join-Path $folder.FullName meta.json) -Value (ConvertTo-Json $context -Depth 4)
        $docker
    }
}

# Starts what all examples share. Where this PowerShell cannot load the double, Dockers is empty.
function Start-ExampleWorld {
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-help-' + [guid]::NewGuid().ToString('N'))
    $config = New-Item -ItemType Directory -Path (Join-Path $folder config) -Force
    $dockers = @()
    if ($PSVersionTable.PSEdition -eq 'Core') {
        $double = Get-ChildItem -Path (Join-Path $root 'tests/ImgsPS.TestDocker/bin/*/net8.0/ImgsPS.TestDocker.dll') |
            Sort-Object LastWriteTime | Select-Object -Last 1
        if (-not $double) { throw 'The double of a Docker Engine is not built. Run dotnet build tests/ImgsPS.TestDocker.' }
        Add-Type -LiteralPath $double.FullName, (Join-Path $double.DirectoryName ImgsPS.TestRegistry.dll)
        $inProcess = [ImgsPS.Testing.TestRegistry]::Start()
        $registry = [pscustomobject]@{ Host = $inProcess.Host; InProcess = $inProcess; Process = $null }
        $dockers = @(Start-ExampleDocker -Registry $registry -Config $config.FullName)
    } else {
        $registry = Start-TestRegistry
    }

    $world = [pscustomobject]@{
        Registry = $registry
        Dockers  = $dockers
        Root     = $folder
        Config   = $config.FullName
        Seeds    = Join-Path $folder seeds
        Store    = Join-Path $folder store
        Folder   = Join-Path $folder images
        Work     = Join-Path $folder work
    }
    Add-ExampleImage $world
    $world
}

function Stop-ExampleWorld {
    param([Parameter(Mandatory)] $World)

    $World.Dockers | ForEach-Object { $_.Dispose() }
    if ($World.Registry.Process) { Stop-TestRegistry $World.Registry } else {
        $null = $World.Registry.InProcess.DisposeAsync().AsTask().GetAwaiter().GetResult() }
    Remove-Item -LiteralPath $World.Root -Recurse -Force
}

# The images of the registry and of the Docker Engines, and a store with those that examples expect to be there.
function Add-ExampleImage {
    param([Parameter(Mandatory)] $World)

    $registry = $World.Registry
    $base = @{ seed = 1; size = 3000 }
    $images = [ordered]@{
        'app:1.3'            = @{ created = '2023-03-01T00:00:00Z'; layers = @($base; @{ seed = 2; size = 1300 }) }
        'app:1.4'            = @{ created = '2024-03-01T00:00:00Z'; layers = @($base; @{ seed = 3; size = 1400 });
            labels = @{ env = 'prod' } }
        'app:1'              = @{ created = '2024-03-02T00:00:00Z'; layers = @($base; @{ seed = 4; size = 1100 }) }
        'app:2'              = @{ created = '2024-06-01T00:00:00Z'; layers = @($base; @{ seed = 5; size = 2000 }) }
        'team/app:1.4'       = @{ created = '2024-03-03T00:00:00Z'; layers = @(@{ seed = 6; size = 1400 }) }
        'team/tests:latest'  = @{ created = '2024-03-04T00:00:00Z'; layers = @(@{ seed = 7; size = 700 }) }
        'tool:latest'        = @{ created = '2024-03-05T00:00:00Z'; layers = @(@{ seed = 8; size = 800 }) }
        'moved:1'            = @{ created = '2022-03-05T00:00:00Z'; layers = @(@{ seed = 9; size = 12000 }) }
        'hello-world:latest' = @{ layers = @(@{ seed = 10; size = 500 }) }
    }
    1..7 | ForEach-Object { $images["many:$_"] = @{ created = "2024-04-0${_}T00:00:00Z"; layers = @(@{ seed = 20 + $_; size = 600 }) } }
    $images.Keys | ForEach-Object { $null = Add-TestImage $registry $_ $images[$_] }
    $null = Add-TestIndex $registry 'alpine:3.20' @(@{ architecture = 'amd64' }, @{ architecture = 'arm64'; variant = 'v8' })
    foreach ($name in 'nanoserver', 'servercore') {
        $null = Add-TestIndex $registry "windows/${name}:ltsc2022" @(
            @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.1' })
    }

    # app:1.4 has a bill of materials that is signed, and a signature.
    $subject = (Get-ImageManifest "$($registry.Host)/app:1.4").Digest
    $sbom = Add-TestReferrer $registry.Host app -Subject $subject -ArtifactType application/spdx+json -MediaType application/spdx+json `
        -Content '{"packages":[{"name":"musl"},{"name":"zlib"}]}'
    foreach ($signed in $subject, $sbom.digest) {
        $null = Add-TestReferrer $registry.Host app -Subject $signed -ArtifactType application/vnd.example.signature -Content $signed
    }

    $null = Invoke-TestRegistry $registry options @{ search = $true }
    $null = Invoke-TestRegistry $registry search @{ name = 'powershell'; stars = 5; official = $false }
    $null = Invoke-TestRegistry $registry search @{ name = 'nginx'; stars = 20000; official = $true }
    $null = Invoke-TestRegistry $registry search @{ name = 'team/nginx'; stars = 3; official = $false }
    $null = Invoke-TestRegistry $registry search @{ name = 'hello-world'; stars = 2000; official = $true }

    # What is pulled here is moved by the registry before it is pulled again, so that there is a dangling image.
    $pulled = @($images.Keys | Where-Object { $_ -ne 'hello-world:latest' }; 'alpine:3.20') | ForEach-Object { "$($registry.Host)/$_" }
    $null = Invoke-ImagePull $pulled -Store $World.Seeds -Platform linux/amd64
    $null = Add-TestImage $registry 'moved:1' @{ layers = @(@{ seed = 19; size = 950 }) }
    $null = Invoke-ImagePull "$($registry.Host)/moved:1" -Store $World.Seeds

    $World.Dockers | ForEach-Object { $null = Invoke-ImagePull "$($registry.Host)/app:1.4" -Store $_.Address }
}

# Gives an example a store of its own with the images, a second one in a folder, and files with lists.
function Initialize-Example {
    param([Parameter(Mandatory)] $World)

    foreach ($folder in $World.Store, $World.Folder, $World.Work) {
        if (Test-Path -LiteralPath $folder) { Remove-Item -LiteralPath $folder -Recurse -Force }
    }

    Copy-Item -LiteralPath $World.Seeds -Destination $World.Store -Recurse
    Copy-Item -LiteralPath $World.Seeds -Destination $World.Folder -Recurse
    $null = New-Item -ItemType Directory -Path $World.Work
    $address = $World.Registry.Host
    Set-Content -LiteralPath (Join-Path $World.Work images.txt) `
        -Value "$address/app:1.3", "$address/nosuch:1", "$address/hello-world:latest"
    "$address/app:1.3", "$address/hello-world:latest" | ForEach-Object { [pscustomobject]@{ Reference = $_ } } |
        Export-Csv -Path (Join-Path $World.Work images.csv) -NoTypeInformation
    $env:IMGSPS_STORE = $World.Store
    $env:DOCKER_CONFIG = $World.Config
    Remove-Item -Path (Join-Path $World.Config 'config.json*')
    $null = Invoke-TestRegistry $World.Registry options @{ auth = 'none' }
    $null = Invoke-TestRegistry $World.Registry requests -Method Delete
}

# Runs an example as a user's console would. Gives its Output, Errors, Warnings, and what the console Said besides, as the words of -WhatIf.
function Invoke-Example {
    param([Parameter(Mandatory)] $World, [Parameter(Mandatory)] [string] $Code)

    # A search of Docker Hub is one of the test registry; the answer to the question for a password is given. A module has defaults of its
    # own.
    $PSDefaultParameterValues['Find-Image:Registry'] = $World.Registry.Host
    function global:Get-Credential { [pscredential]::new('bob', (ConvertTo-SecureString 'pw' -AsPlainText -Force)) }
    $transcript = Join-Path $World.Root transcript.txt
    $null = Start-Transcript -LiteralPath $transcript
    Push-Location -LiteralPath $World.Work
    try {
        $ErrorActionPreference = 'Continue'
        $all = @(& ([scriptblock]::Create((ConvertTo-TestCode -Code $Code -World $World))) 2>&1 3>&1)
    } finally {
        Pop-Location
        $null = Stop-Transcript
        Remove-Item -LiteralPath function:Get-Credential
        $PSDefaultParameterValues.Remove('Find-Image:Registry')
    }

    [pscustomobject]@{
        Output   = @($all | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] -and
            $_ -isnot [System.Management.Automation.WarningRecord] })
        Errors   = @($all | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
        Warnings = @($all | Where-Object { $_ -is [System.Management.Automation.WarningRecord] })
        Said     = @([System.IO.File]::ReadAllLines($transcript) -like 'What if: *')
    }
}

# Wants a user name and a password for everything from now on; Initialize-Example ends that.
function Set-ExamplePassword {
    param([Parameter(Mandatory)] $World)
    $null = Invoke-TestRegistry $World.Registry options @{ auth = 'basic'; users = @{ bob = 'pw' }; anonymousPull = $false }
}

# Signs bob in, with the configured helper or in config.json, as docker login leaves it.
function Set-ExampleLogin {
    param([Parameter(Mandatory)] $World, [switch] $Helper)

    Set-ExamplePassword $World
    $entry = if ($Helper) { @{} } else { @{ auth = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes('bob:pw')) } }
    $config = @{ auths = @{ $World.Registry.Host = $entry } }
    if ($Helper) {
        $config.credsStore = 'example'
        $script = Join-Path $World.Work docker-credential-example
        Set-Content -LiteralPath $script -Value '#!/bin/sh', 'echo "{\"Username\":\"bob\",\"Secret\":\"pw\"}"'
        & chmod 755 $script
        $env:PATH = $World.Work + [System.IO.Path]::PathSeparator + $env:PATH
    }

    Set-Content -LiteralPath (Join-Path $World.Config config.json) -Value (ConvertTo-Json $config -Depth 4)
}

# Changes one byte in the highest layer of an image of a store.
function Set-ExampleDamage {
    param([Parameter(Mandatory)] $Image, [Parameter(Mandatory)] [string] $Store)

    $digest = (Get-ImageLayer $Image -Store $Store | Select-Object -Last 1).Digest
    $file = Get-Item -LiteralPath (Join-Path $Store ('blobs/' + $digest.Replace(':', '/')))
    $file.IsReadOnly = $false
    $bytes = [System.IO.File]::ReadAllBytes($file.FullName)
    $bytes[10] = $bytes[10] -bxor 1
    [System.IO.File]::WriteAllBytes($file.FullName, $bytes)
}

Export-ModuleMember -Function Get-HelpExample, Start-ExampleWorld, Stop-ExampleWorld, Initialize-Example, Invoke-Example,
    Set-ExamplePassword, Set-ExampleLogin, Set-ExampleDamage
