# What the import and the first list cost, in counts: they are the same on a slow machine as on a fast one.
BeforeDiscovery {
    $core = $PSVersionTable.PSVersion.Major -ge 6
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    $path = Get-TestModulePath
    $folder = Split-Path $path
    $temporary = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-startup-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory -Path "$temporary/store/blobs/sha256"

    function Add-Blob {
        param([string] $Text)

        $bytes = [System.Text.Encoding]::UTF8.GetBytes($Text)
        $sha = [System.Security.Cryptography.SHA256]::Create()
        $hex = [System.BitConverter]::ToString($sha.ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
        $sha.Dispose()
        [System.IO.File]::WriteAllBytes("$temporary/store/blobs/sha256/$hex", $bytes)
        "`"digest`":`"sha256:$hex`",`"size`":$($bytes.Length)"
    }

    # A store with twenty images.
    $entries = foreach ($i in 1..20) {
        $config = Add-Blob "{`"created`":`"2024-05-06T07:08:09Z`",`"architecture`":`"amd64`",`"os`":`"linux`",`"config`":{`"Labels`":{`"n`":`"$i`"}},`"rootfs`":{`"type`":`"layers`",`"diff_ids`":[]}}"
        $manifest = Add-Blob "{`"schemaVersion`":2,`"mediaType`":`"application/vnd.oci.image.manifest.v1+json`",`"config`":{`"mediaType`":`"application/vnd.oci.image.config.v1+json`",$config},`"layers`":[]}"
        "{`"mediaType`":`"application/vnd.oci.image.manifest.v1+json`",$manifest,`"annotations`":{`"org.opencontainers.image.ref.name`":`"docker.io/team/app:$i`"}}"
    }
    [System.IO.File]::WriteAllText("$temporary/store/index.json",
        '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[' + ($entries -join ',') + ']}')
    [System.IO.File]::WriteAllText("$temporary/store/oci-layout", '{"imageLayoutVersion":"1.0.0"}')

    $system = if ($env:OS -eq 'Windows_NT') { 'win' } elseif ($IsMacOS) { 'osx' } else { 'linux' }
    $platform = "$system-$([System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture)".ToLowerInvariant()
    $compiled = "$folder/bin/$platform/ImgsPS.Engine.dll"

    # A copy of the module, where another engine may be put in or taken out.
    function Copy-Module {
        param([string] $Name)

        Copy-Item -LiteralPath $folder -Destination "$temporary/$Name" -Recurse
        "$temporary/$Name"
    }

    # Runs a script in a PowerShell of its own: its output, and the methods of the module that were compiled, by the runtime's own list.
    # Those of PowerShell are not counted. Without a cache of its own PowerShell would load at once what other sessions have loaded before.
    function Invoke-Counted {
        param([string] $Script)

        $cache = $env:XDG_CACHE_HOME
        $env:XDG_CACHE_HOME = "$temporary/cache-$([guid]::NewGuid().ToString('N'))"
        $env:DOTNET_JitStdOutFile = "$temporary/compiled-$([guid]::NewGuid().ToString('N'))"
        $env:DOTNET_JitDisasmSummary = '1'
        try {
            # The runtime closes its list at the end while it may still compile in the background, and then aborts now and then.
            foreach ($try in 1..3) {
                $output = @(Invoke-TestShell $Script)
                if ($output -notcontains 'free(): invalid pointer') { break }
                Remove-Item -LiteralPath $env:DOTNET_JitStdOutFile -ErrorAction Ignore
            }

            if (-not (Test-Path -LiteralPath $env:DOTNET_JitStdOutFile)) { throw "The runtime wrote no list: $output" }
            [pscustomobject]@{ Output = $output;
                Compiled = @([System.IO.File]::ReadAllLines($env:DOTNET_JitStdOutFile) -match ': JIT compiled ImgsPS\.') }
        } finally {
            $env:DOTNET_JitStdOutFile = $env:DOTNET_JitDisasmSummary = $null
            $env:XDG_CACHE_HOME = $cache
        }
    }

    $assemblies = '@([System.AppDomain]::CurrentDomain.GetAssemblies().ForEach({ $_.GetName().Name }))'
}

AfterAll {
    Remove-Item -LiteralPath $temporary -Recurse -Force
}

Describe 'The import' -Skip:(-not $core) {
    It 'loads two assemblies - no HTTP, no JSON, no processes - and compiles few methods of the module' {
        # Microsoft.CSharp is what this script's own expressions load; the methods are five of EngineLoader.
        $import = Invoke-Counted "`$before = $assemblies + 'Microsoft.CSharp'; Import-Module '$path'; `$after = $assemblies; `$after.Where({ `$_ -notin `$before }) | Sort-Object"
        $import.Output | Should -Be 'ImgsPS', 'ImgsPS.Engine'
        $import.Compiled.Count | Should -BeGreaterThan 0
        $import.Compiled.Count | Should -BeLessThan 20
    }

    It 'runs a script that compares nothing and calls nothing of .NET, which PowerShell would compile first' {
        $tree = [System.Management.Automation.Language.Parser]::ParseFile("$folder/ImgsPS.psm1", [ref]$null, [ref]$null)
        $choice = $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.IfStatementAst] }, $true)[0]
        $condition, $branch = $choice.Clauses[0].Item1, $choice.Clauses[0].Item2
        "$condition" | Should -Be '$IsCoreCLR'
        $branch.FindAll({ $args[0] -is [System.Management.Automation.Language.BinaryExpressionAst] -or
                $args[0] -is [System.Management.Automation.Language.MemberExpressionAst] }, $true) | Should -BeNullOrEmpty
        $branch.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true).Count | Should -Be 1
        # Before the choice only the mode is set.
        @($tree.EndBlock.Statements | ForEach-Object { "$_" -replace '(?s)\s.*' }) | Should -Be 'Set-StrictMode', 'try'
    }
}

Describe 'The first list' -Skip:(-not $core) {
    BeforeAll {
        $list = "`$before = $assemblies; (Get-Image -Store '$temporary/store').Count; [ImgsPS.Image].Assembly.Location; `$after = $assemblies; `$after.Where({ `$_ -notin `$before })"
        $first = Invoke-Counted "Import-Module '$path'; $list"
    }

    It 'of a local store loads nothing of the network and starts no process' {
        $first.Output[0] | Should -Be '20'
        $first.Output | Where-Object { $_ -like 'System.Net*' -or $_ -like 'System.Diagnostics*' -or $_ -like 'System.Security*' -or
            $_ -like 'System.Private.Xml*' } | Should -BeNullOrEmpty
    }

    It 'takes the engine that was compiled ahead of time, and compiles few methods' {
        if (-not (Test-Path -LiteralPath $compiled)) { Set-ItResult -Skipped `
            -Because "the module has no engine for $platform that was compiled ahead of time"; return }
        $sdk = if (Get-Command -Name dotnet -CommandType Application -ErrorAction Ignore) { "$(& dotnet --version)" } else { '0' }
        if ($sdk -notlike "$([System.Environment]::Version.Major).*") { Set-ItResult -Skipped `
            -Because "the machine code is for the .NET of the SDK ($sdk), and this is $([System.Environment]::Version)"; return }
        [System.IO.Path]::GetFullPath($first.Output[1]) | Should -Be ([System.IO.Path]::GetFullPath($compiled))
        $slow = Copy-Module 'without'
        Get-ChildItem -Path "$slow/bin" -Directory -Exclude 'net*' | Remove-Item -Recurse
        $without = Invoke-Counted "Import-Module '$slow/ImgsPS.psd1'; $list"

        # About 110 of the cmdlets, and none of the engine but generics over its structures.
        $engine = ': JIT compiled ImgsPS\.(?!Cmdlets|Pipeline|Parameters|Completion|Module)'
        @($first.Compiled -match $engine).Count | Should -BeLessThan 20
        $first.Compiled.Count | Should -BeGreaterThan 0
        $first.Compiled.Count | Should -BeLessThan 200
        @($without.Compiled -match $engine).Count | Should -BeGreaterThan 100
    }
}

Describe 'The engine that was compiled ahead of time' -Skip:(-not $core) {
    BeforeAll {
        function Get-ModuleVersionId([string] $File) {
            $stream = [System.IO.File]::OpenRead($File)
            try {
                $reader = [System.Reflection.Metadata.PEReaderExtensions]::GetMetadataReader(
                    [System.Reflection.PortableExecutable.PEReader]::new($stream))
                $reader.GetGuid($reader.GetModuleDefinition().Mvid)
            } finally { $stream.Dispose() }
        }
    }

    BeforeEach {
        if (-not (Test-Path -LiteralPath $compiled)) { Set-ItResult -Skipped -Because "the module has none for $platform" }
    }

    It 'is the same assembly' {
        Get-ModuleVersionId $compiled | Should -Be (Get-ModuleVersionId "$folder/bin/net8.0/ImgsPS.Engine.dll")
    }

    It 'is one assembly in all of a process: cmdlets, types and a second import' {
        Invoke-TestShell "Import-Module '$path'; `$image = (Get-Image -Store '$temporary/store')[0]; `$image -is [ImgsPS.Image]; Remove-Module ImgsPS; Import-Module '$path' -Force; (Get-Image -Store '$temporary/store')[0] -is [ImgsPS.Image]; @([System.AppDomain]::CurrentDomain.GetAssemblies().Where({ `$_.GetName().Name -eq 'ImgsPS.Engine' })).Count" |
            Should -Be 'True', 'True', '1'
    }

    It 'is not needed: <Name>' -ForEach @(
        @{ Name = 'gone'; Change = { param($file) Remove-Item -LiteralPath $file } }
        @{ Name = 'empty'; Change = { param($file) [System.IO.File]::WriteAllBytes($file, [byte[]]@()) } }
        @{ Name = 'of another build of the same version'; Change =
            { param($file) Copy-Item -LiteralPath "$(Split-Path (Split-Path $file))/net472/ImgsPS.Engine.dll" -Destination $file } }
        @{ Name = 'not an assembly'; Change = { param($file) [System.IO.File]::WriteAllText($file, 'MZ' + 'x' * 4096) } }
    ) {
        $copy = Copy-Module ('copy-' + $Name.Replace(' ', '-'))
        & $Change "$copy/bin/$platform/ImgsPS.Engine.dll"
        $lines = Invoke-TestShell "Import-Module '$copy/ImgsPS.psd1' -ErrorAction Stop; [ImgsPS.Image].Assembly.Location; (Get-Image -Store '$temporary/store').Count"
        [System.IO.Path]::GetFullPath($lines[0]) | Should -Be ([System.IO.Path]::GetFullPath("$copy/bin/net8.0/ImgsPS.Engine.dll"))
        $lines[1] | Should -Be '20'
    }
}
