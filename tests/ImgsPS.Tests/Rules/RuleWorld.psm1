# The images, tags and containers that DockerRules.Tests.ps1 asks docker and the module about, on a Docker of its own; every set-up of a
# rule gives the same ids again, because images are built once and loaded from then on.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

Import-Module "$PSScriptRoot/../RealParts.psm1"

$program = @(Get-Command -Name docker -CommandType Application -ErrorAction Ignore | ForEach-Object Source)[0]
$world = $null

function docker {
    # The docker program, also where a script has a function of that name. No named parameters: the arguments are the program's.
    & $program @args
}

function Invoke-Docker {
    # docker for a set-up: a failure is a failure of the test.
    Invoke-Native $program @args
}

function Get-RuleWorld { $world }

function Use-RuleDocker {
    # From now on docker and the module talk to this Docker, and know nothing of the user's contexts and credentials.
    param([string] $Socket, [string] $Config)

    $env:DOCKER_HOST = $Socket
    $env:DOCKER_CONFIG = $Config
}

function New-RuleWorld {
    # Builds the images on Docker that is in use, pushes those that are to be pulled, and saves all in archives below the folder.
    param([string] $Folder, [string] $Registry)

    $script:world = @{ Folder = $Folder; Registry = $Registry; Names = [ordered]@{}; Layers = @{}; Containers = [ordered]@{} }
    $world.Names[$Registry] = 'reg'
    $env:DOCKER_BUILDKIT = '0'
    $context = (New-Item -ItemType Directory "$Folder/context").FullName
    Copy-Item (Get-Command busybox -CommandType Application)[0].Source "$context/busybox"

    # web: what containers run. child: two steps on top of it; the classic builder keeps the first one as an image without a name (L6, D9,
    # D10).
    Set-Content "$context/Dockerfile" @'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox","touch","/one"]
LABEL env=prod team=ops
CMD ["/bin/busybox","sleep","600"]
'@
    $null = Invoke-Docker build --network none -q -t web:1 $context
    Set-Content "$context/Dockerfile" "FROM web:1`nLABEL stage=one`nRUN [`"/bin/busybox`",`"touch`",`"/two`"]"
    $null = Invoke-Docker build --network none -q -t child:1 $context
    $step = Invoke-Docker image inspect -f '{{.Parent}}' child:1
    Add-Name web (Get-ImageId web:1)
    Add-Name step $step
    Add-Name child (Get-ImageId child:1)
    $null = Invoke-Docker save -o "$Folder/web.tar" web:1
    $null = Invoke-Docker save -o "$Folder/child.tar" web:1 $step child:1

    # app: two versions in a registry, and one for two platforms.
    foreach ($version in 1, 2) {
        Set-Content "$context/Dockerfile" "FROM web:1`nLABEL version=$version`nCOPY Dockerfile /Dockerfile"
        $null = Invoke-Docker build --network none -q -t "$Registry/team/app:$version" $context
        $null = Invoke-Docker push -q "$Registry/team/app:$version"
        Add-Name "app$version" (Get-ImageId "$Registry/team/app:$version")
        $digest = Get-RemoteDigest team/app $version
        $world["app$version"] = $digest
        Add-Name "app$version-manifest" $digest
    }

    $null = Invoke-Docker manifest create --insecure "$Registry/team/multi:latest" "$Registry/team/app:1" "$Registry/team/app:2"
    $null = Invoke-Docker manifest annotate --arch riscv64 "$Registry/team/multi:latest" "$Registry/team/app:2"
    $null = Invoke-Docker manifest push --insecure "$Registry/team/multi:latest"
    $world['multi'] = Get-RemoteDigest team/multi latest
    Add-Name multi-index $world['multi']

    # bare: no labels, no history of a build.
    $null = Invoke-Docker import "$Folder/web.tar" bare:1
    Add-Name bare (Get-ImageId bare:1)
    $null = Invoke-Docker save -o "$Folder/bare.tar" bare:1

    New-AgeArchive "$Folder/age.tar"
    Clear-RuleWorld
}

function New-AgeArchive {
    # Images without a build, so that their times are what a rule needs: years apart, in one second, missing.
    param([string] $Path)

    $images = @(
        @{ Name = 'old'; Tags = 'age/old:1'; Created = '2019-03-01T00:00:00Z'; Labels = @{ tier = 'front'; owner = 'a=b' } }
        @{ Name = 'mid1'; Tags = 'age/mid:1', 'age/mid:extra'; Created = '2021-06-01T12:00:00.25Z';
            Labels = @{ tier = 'back'; stage = 'test' } }
        @{ Name = 'mid2'; Tags = 'age/mid:2'; Created = '2021-06-01T12:00:00.75Z'; Labels = @{ tier = 'back' } }
        @{ Name = 'new'; Tags = 'age/new:1'; Created = '2024-01-01T00:00:00Z'; Labels = @{ tier = 'front'; stage = 'test' } }
        @{ Name = 'loose'; Tags = @(); Created = '2022-01-01T00:00:00Z'; Labels = @{ tier = 'loose' } }
        @{ Name = 'nodate'; Tags = 'age/nodate:1'; Created = ''; Labels = @{} }
    )
    $layer = Get-TarBytes @{ hello = [byte[]](104, 105) }
    $diffId = Get-Sha256 $layer
    $entries = @{ 'layer.tar' = $layer }
    $manifest = foreach ($image in $images) {
        $config = [ordered]@{ architecture = 'amd64'; os = 'linux';
            config = @{ Cmd = @('/hello'); Labels = $image.Labels; Env = @("NAME=$($image.Name)") } }
        if ($image.Created) { $config.created = $image.Created }
        $config.rootfs = @{ type = 'layers'; diff_ids = @("sha256:$diffId") }
        $bytes = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $config -Depth 8 -Compress))
        $hex = Get-Sha256 $bytes
        $entries["$hex.json"] = $bytes
        Add-Name $image.Name "sha256:$hex"
        [ordered]@{ Config = "$hex.json"; RepoTags = @($image.Tags); Layers = @('layer.tar') }
    }
    $entries['manifest.json'] = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json @($manifest) -Depth 4))
    [System.IO.File]::WriteAllBytes($Path, (Get-TarBytes $entries))
}

function Use-RulePodman {
    # From now on docker and the module talk to podman's service, with the same images.
    param([string] $Socket)

    $env:DOCKER_HOST = $Socket
    'web', 'child', 'bare', 'age' | ForEach-Object { Set-LongName "$($world.Folder)/$_.tar" }

    # podman makes a manifest for an image that came out of an archive, not the same one for each archive.
    foreach ($archive in 'web', 'child', 'bare', 'age') {
        Import-RuleImage $archive
        foreach ($image in Invoke-Docker image inspect @(docker images -q --no-trunc | Select-Object -Unique) | ConvertFrom-Json) {
            foreach ($digest in $image.RepoDigests) {
                Add-Name "$($world.Names[($image.Id -replace '^sha256:')])-manifest" ($digest -replace '.*@') }
        }
        Clear-RuleWorld
    }
}

function Set-LongName ($Archive) {
    # Names an archive's images in full: podman puts a short name below localhost/, dockerd below docker.io/.
    $from = [System.Formats.Tar.TarReader]::new([System.IO.File]::OpenRead($Archive))
    $to = [System.Formats.Tar.TarWriter]::new([System.IO.File]::Create("$Archive.long"))
    while ($entry = $from.GetNextEntry($true)) {
        if ($entry.Name -eq 'manifest.json') {
            $images = [System.IO.StreamReader]::new($entry.DataStream).ReadToEnd() | ConvertFrom-Json
            foreach ($image in $images) {
                $image.RepoTags = @($image.RepoTags | Where-Object { $_ } |
                    ForEach-Object { "docker.io/$(if ($_ -notmatch '/') { 'library/' })$_" })
            }
            $entry.DataStream = [System.IO.MemoryStream]::new([System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json @($images) -Depth 4)))
        }
        $to.WriteEntry($entry)
    }
    $to.Dispose()
    $from.Dispose()
    Move-Item -LiteralPath "$Archive.long" $Archive -Force
}

function Get-TarBytes {
    param([hashtable] $Entries)

    $stream = [System.IO.MemoryStream]::new()
    $writer = [System.Formats.Tar.TarWriter]::new($stream, [System.Formats.Tar.TarEntryFormat]::Ustar, $true)
    foreach ($name in $Entries.Keys | Sort-Object) {
        $entry = [System.Formats.Tar.UstarTarEntry]::new([System.Formats.Tar.TarEntryType]::RegularFile, $name)
        $entry.ModificationTime = [DateTimeOffset]::UnixEpoch
        $entry.DataStream = [System.IO.MemoryStream]::new([byte[]]$Entries[$name])
        $writer.WriteEntry($entry)
    }
    $writer.Dispose()
    , $stream.ToArray()
}

function Get-Sha256 ([byte[]] $Bytes) {
    [System.Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant() }

function Get-ImageId ($Reference) { Invoke-Docker image inspect -f '{{.Id}}' $Reference }

function Get-RemoteDigest ($Repository, $Tag) {
    $accept = 'application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'
    $answer = Invoke-WebRequest "http://$($world.Registry)/v2/$Repository/manifests/$Tag" -Method Head -Headers @{ Accept = $accept } `
        -SkipHeaderValidation
    "$($answer.Headers['Docker-Content-Digest'])"
}

function Add-Name ($Name, $Digest) { $world.Names[($Digest -replace '^sha256:')] = $Name }

function Get-KnownId {
    # The id or digest that a name of the world stands for.
    param([string] $Name)

    'sha256:' + ($world.Names.GetEnumerator() | Where-Object Value -EQ $Name | Select-Object -First 1).Key
}

function Get-SharedPrefix {
    # A beginning that ids of several images have: with twelve images one digit is enough, but for one time in 300.
    $shared = docker images -aq --no-trunc | Select-Object -Unique | Group-Object { $_.Substring(7, 1) } | Where-Object Count -GT 1 |
        Sort-Object Name
    if (-not $shared) { Set-ItResult -Skipped -Because 'all ids begin with other digits' }
    $world.Prefix = $shared[0].Name
    $world.Prefix
}

function Invoke-Api {
    # Asks Docker's API: in a set-up that is many times as fast as the program.
    param([string] $Method, [string] $Path, [hashtable] $More = @{})

    Invoke-RestMethod -UnixSocket ($env:DOCKER_HOST -replace '^unix://') -Uri "http://docker/$Path" -Method $Method -Verbose:$false @More |
        ForEach-Object { $_ }
}

function Clear-RuleWorld {
    # Takes all containers and images from Docker.
    foreach ($container in @(Invoke-Api Get 'containers/json?all=1')) { $null = Invoke-Api Delete "containers/$($container.Id)?force=1" }
    $world.Containers.Clear()
    while ($images = @(Invoke-Api Get 'images/json?all=1' | ForEach-Object Id | Select-Object -Unique)) {
        # A parent is refused while its child is there, and may go with it.
        $output = foreach ($image in $images) { Invoke-Api Delete "images/${image}?force=1" @{ SkipHttpErrorCheck = $true } }
        if (@(Invoke-Api Get 'images/json?all=1' | ForEach-Object Id | Select-Object -Unique).Count -ge $images.Count) {
            throw "The images cannot be removed: $output" }
    }
}

function Import-RuleImage {
    # Loads saved images: web, child, bare, age.
    param([string[]] $Name)

    foreach ($one in $Name) {
        $said = Invoke-Api Post 'images/load?quiet=1' @{ InFile = "$($world.Folder)/$one.tar"; ContentType = 'application/x-tar' }
        if ("$said" -match '"?error') { throw "$one was not loaded: $said" }
    }
}

function Get-RuleState {
    # All images with their names, and all containers with their states, as a text to compare.
    $images = Invoke-Api Get 'images/json?all=1' |
        ForEach-Object { "$($_.Id) $($_.RepoTags | Sort-Object) $($_.RepoDigests | Sort-Object)" }
    $containers = Invoke-Api Get 'containers/json?all=1' | ForEach-Object { "$($_.Id) $($_.State)" }
    @($images | Sort-Object; $containers | Sort-Object) -join "`n"
}

function Split-RuleName ($Reference) {
    # Repository and tag, or digest, as a query has them.
    $null = $Reference -match '^(?<repository>.+?)(@(?<tag>sha256:.+)|:(?<tag>[^:/]+))?$'
    [uri]::EscapeDataString($Matches.repository), [uri]::EscapeDataString("$(if ($Matches['tag']) { $Matches.tag } else { 'latest' })")
}

function Add-RuleTag ($Image, [string[]] $Tag) {
    foreach ($one in $Tag) {
        $repository, $name = Split-RuleName $one
        $null = Invoke-Api Post "images/$Image/tag?repo=$repository&tag=$name"
    }
}

function Add-RulePull ([string[]] $Reference) {
    foreach ($one in $Reference) {
        $repository, $name = Split-RuleName "$($world.Registry)/$one"
        $said = Invoke-Api Post "images/create?fromImage=$repository&tag=$name"
        if ("$said" -match '"?error') { throw "$one was not pulled: $said" }
    }
}

function Add-RuleContainer {
    # A container that runs, ended, or never ran.
    param([string] $Name, [string] $Image, [ValidateSet('running', 'exited', 'created')] [string] $State)

    $id = switch ($State) {
        'running' { Invoke-Docker run -d --network none --name $Name $Image }
        'exited' { Invoke-Docker run -d --network none --name $Name $Image /bin/busybox true }
        'created' { Invoke-Docker create --network none --name $Name $Image /bin/none }
    }
    if ($State -eq 'exited') { $null = Invoke-Docker wait $Name }
    $world.Containers[$id] = $Name
    $world.Containers[$id.Substring(0, 12)] = $Name
}

function Set-StandardWorld {
    # What the rules see that change nothing.
    Clear-RuleWorld
    Import-RuleImage child, bare, age
    Add-RulePull team/app:1, "team/app@$($world.app2)", team/multi
    Add-RuleTag web:1 web:prod, web/sub:1, ghcr.example/x/y/z:1.0, localhost:5000/a/b:1
    Add-RuleTag "$($world.Registry)/team/app:1" other/app:1
    Add-RuleContainer runner web:1 running
    Add-RuleContainer ended child:1 exited
    Add-RuleContainer fresh bare:1 created
}

function Format-RuleText {
    # The same text with names in place of ids, digests and addresses, which differ from run to run.
    param([string] $Text)

    foreach ($pair in $world.Names.GetEnumerator()) {
        if ($pair.Key.Length -eq 64) {
            $Text = $Text.Replace($pair.Key, "($($pair.Value))")
            $short = $pair.Key.Substring(0, 12)
            if ($Text.Contains($short)) { $Text = [regex]::Replace($Text, "\b$short\b", "($($pair.Value)/12)") }
        }
        else {
            $Text = $Text.Replace($pair.Key, $pair.Value)
        }
    }
    if ($world['Prefix']) { $Text = [regex]::Replace($Text, "\b$($world.Prefix):latest$", '(prefix):latest') }
    foreach ($pair in $world.Containers.GetEnumerator()) { $Text = $Text.Replace($pair.Key, "($($pair.Value))") }
    [regex]::Replace($Text, '\b[0-9a-f]{64}\b', {
            param($match)
            if (-not $world.Layers.ContainsKey($match.Value)) { $world.Layers[$match.Value] = "(layer$($world.Layers.Count + 1))" }
            $world.Layers[$match.Value]
        })
}

Export-ModuleMember -Function docker, Get-RuleWorld, Use-RuleDocker, New-RuleWorld, Use-RulePodman, Get-KnownId, Get-SharedPrefix,
    Clear-RuleWorld, Import-RuleImage, Add-RuleTag,
Add-RulePull, Add-RuleContainer, Get-RuleState, Set-StandardWorld, Format-RuleText
