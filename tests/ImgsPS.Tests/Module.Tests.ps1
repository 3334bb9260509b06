BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    $path = Get-TestModulePath
    $folder = Split-Path $path
    $commands = 'Add-ImageTag', 'Connect-ImageRegistry', 'Copy-Image', 'Disconnect-ImageRegistry', 'Export-Image', 'Find-Image',
        'Get-Image', 'Get-ImageConfig', 'Get-ImageHistory', 'Get-ImageLayer', 'Get-ImageManifest', 'Get-ImageReferrer',
        'Get-ImageStore', 'Get-ImageTag', 'Import-Image', 'Invoke-ImagePull', 'Invoke-ImagePush', 'Optimize-ImageStore',
        'Remove-Image', 'Repair-ImageStore', 'Test-ImageStore', 'Test-ImageUpdate'
    $aliases = 'Load-Image', 'Pull-Image', 'Push-Image', 'Save-Image', 'Tag-Image'
    $edition = if ($PSVersionTable.PSVersion.Major -lt 6) { 'net472' } else { 'net8.0' }
}

Describe 'The manifest' {
    It 'is valid and exact' {
        $manifest = Test-ModuleManifest $path -ErrorAction Stop
        $manifest.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
        $manifest.PowerShellVersion | Should -Be '5.1'
        $manifest.ExportedCmdlets.Keys | Sort-Object | Should -Be $commands
        $manifest.ExportedAliases.Keys | Sort-Object | Should -Be $aliases
        $manifest.ExportedFunctions.Count | Should -Be 0
        $manifest.ExportedVariables.Count | Should -Be 0
        $data = Import-PowerShellDataFile $path
        foreach ($list in 'CmdletsToExport', 'AliasesToExport', 'FunctionsToExport', 'VariablesToExport') { $data[$list] -join '' |
            Should -Not -Match '\*' }
    }

    It 'has the version of the assemblies' {
        $version = [System.Diagnostics.FileVersionInfo]::GetVersionInfo("$folder/bin/$edition/ImgsPS.dll").FileVersion
        "$([version](Import-PowerShellDataFile $path).ModuleVersion)" | Should -Be "$(([version]$version).ToString(3))"
    }
}

Describe 'The folder' {
    It 'has what it needs and no System.Management.Automation' {
        foreach ($file in 'ImgsPS.psm1', 'ImgsPS.Format.ps1xml', 'ImgsPS.Types.ps1xml', 'bin/net472/ImgsPS.dll',
            'bin/net472/ImgsPS.Engine.dll', 'bin/net8.0/ImgsPS.dll', 'bin/net8.0/ImgsPS.Engine.dll') {
            Test-Path -LiteralPath (Join-Path $folder $file) | Should -BeTrue -Because $file
        }

        Get-ChildItem -Path $folder -Recurse -Filter 'System.Management.Automation*' | Should -BeNullOrEmpty
        Get-ChildItem -Path (Join-Path $folder 'bin/net8.0') -Filter '*.dll' | Select-Object -ExpandProperty Name | Sort-Object |
            Should -Be 'ImgsPS.dll', 'ImgsPS.Engine.dll'
    }

    It 'ships every assembly for .NET Framework that another one asks for, in the version or a later one' {
        if ($PSVersionTable.PSVersion.Major -lt 6) { Set-ItResult -Skipped `
            -Because 'reading metadata needs System.Reflection.Metadata, which PowerShell 7 has'; return }
        $files = Get-ChildItem -Path (Join-Path $folder 'bin/net472') -Filter '*.dll'
        $shipped = @{}
        foreach ($file in $files) { $shipped[$file.BaseName] = [System.Reflection.AssemblyName]::GetAssemblyName($file.FullName).Version }
        $ofWindows = 'mscorlib', 'netstandard', 'System', 'System.Core', 'System.Configuration', 'System.Numerics', 'System.Net.Http',
            'System.Xml', 'System.Runtime', 'System.Runtime.Serialization', 'System.IO.Compression', 'System.Management.Automation',
            'System.Data', 'System.Security', 'System.Web'
        foreach ($file in $files) {
            $stream = [System.IO.File]::OpenRead($file.FullName)
            try {
                $reader = [System.Reflection.Metadata.PEReaderExtensions]::GetMetadataReader(
                    [System.Reflection.PortableExecutable.PEReader]::new($stream))
                foreach ($handle in $reader.AssemblyReferences) {
                    $asked = $reader.GetAssemblyReference($handle)
                    $name = $reader.GetString($asked.Name)
                    if ($shipped.ContainsKey($name)) { $shipped[$name] |
                        Should -BeGreaterOrEqual $asked.Version -Because "$($file.Name) asks for $name" }
                    else { $name | Should -BeIn $ofWindows -Because "$($file.Name) asks for it and it is not shipped" }
                }
            }
            finally { $stream.Dispose() }
        }
    }
}

Describe 'Import' {
    BeforeAll {
        # One session that imports, imports again by force, removes and imports once more.
        $imported = Invoke-TestShell @"
            Set-StrictMode -Version Latest
            `$ErrorActionPreference = 'Stop'
            Import-Module '$path'
            (Get-Command -Module ImgsPS).Count
            [ImgsPS.ImageReference]::Parse('ubuntu').ToString()
            [ImgsPS.Platform]::Parse('linux/arm64').OS
            Import-Module '$path' -Force
            Import-Module '$path' -Force
            (Get-Command -Module ImgsPS -CommandType Cmdlet).Name -join ' '
            (Get-Alias Pull-Image, Tag-Image).Definition -join ' '
            [ImgsPS.Digest]::Of([byte[]]@()).ShortHex
            Remove-Module ImgsPS
            @(Get-Module | Where-Object Name -Like 'ImgsPS*').Count
            @(Get-Command Get-Image -ErrorAction Ignore).Count
            Import-Module '$path'
            (Get-Command Get-Image).Name
"@
    }

    It 'is clean under the latest strict mode, and makes the public types usable at once' {
        $imported[0..2] | Should -Be "$($commands.Count + $aliases.Count)", 'docker.io/library/ubuntu:latest', 'linux'
    }

    It 'keeps all commands with -Force, twice' {
        $imported[3..5] | Should -Be ($commands -join ' '), 'Invoke-ImagePull Add-ImageTag', 'e3b0c44298fc'
    }

    It 'leaves nothing behind when it is removed, and comes back' {
        $imported[6..9] | Should -Be '0', '0', 'Get-Image'
    }

    It 'works in a second runspace' {
        $run = Start-TestPipeline "(Get-Command -Module ImgsPS -CommandType Cmdlet).Count; [ImgsPS.ImageReference]::Parse('u/x').Familiar"
        $null = $run.PowerShell.EndInvoke($run.Handle)
        $run.Output | Should -Be $commands.Count, 'u/x'
        $run.PowerShell.Dispose()
    }

    It 'works with a YamlDotNet of another version loaded first' {
        $yaml = Join-Path $TestDrive 'YamlDotNet.dll'
        $source = '[assembly: System.Reflection.AssemblyVersion("0.1.0.0")] namespace YamlDotNet { public class Emitter { } }'
        Invoke-TestShell "Add-Type -TypeDefinition '$source' -OutputAssembly '$yaml'; Add-Type -LiteralPath '$yaml'; [YamlDotNet.Emitter].Assembly.GetName().Version.Minor; Import-Module '$path' -ErrorAction Stop; (Get-Command -Module ImgsPS -CommandType Cmdlet).Count" |
            Should -Be '1', "$($commands.Count)"
    }

    It 'says what it needs in a PowerShell that is too old' {
        $script = [System.IO.File]::ReadAllText("$folder/ImgsPS.psm1")
        foreach ($old in '5.0', '6.2', '7.2') {
            { & ([scriptblock]::Create($script.Replace('$PSVersionTable.PSVersion', "[version]'$old'"))) } |
                Should -Throw "ImgsPS needs Windows PowerShell 5.1 or PowerShell 7.4 or later; this is $old*"
        }
    }

    It 'says which file is missing' {
        $copy = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-' + [guid]::NewGuid().ToString('N'))
        $null = New-Item -ItemType Directory -Path $copy
        try {
            Copy-Item -Path "$folder/*.ps*" -Destination $copy
            { Import-Module "$copy/ImgsPS.psm1" } | Should -Throw "*'ImgsPS.Engine.dll' is missing*"
        }
        finally { Remove-Item -LiteralPath $copy -Recurse }
    }
}

Describe 'The commands' {
    BeforeAll { Import-TestModule }

    It '<_> follows the conventions' `
        -ForEach 'Add-ImageTag', 'Copy-Image', 'Export-Image', 'Find-Image', 'Get-Image', 'Get-ImageConfig', 'Get-ImageHistory',
        'Get-ImageLayer', 'Get-ImageManifest', 'Get-ImageReferrer',
        'Get-ImageStore', 'Get-ImageTag', 'Import-Image', 'Invoke-ImagePull', 'Invoke-ImagePush', 'Optimize-ImageStore', 'Remove-Image', 'Repair-ImageStore', 'Test-ImageStore', 'Test-ImageUpdate' {
        $command = Get-Command $_
        (Get-Verb).Verb | Should -Contain $command.Verb
        $command.OutputType | Should -Not -BeNullOrEmpty
        $command.OutputType[0].Name | Should -BeLike $(if ($command.Verb -eq 'Export') { 'System.IO.*' } else { 'ImgsPS.*' })
        $command.Parameters['ThrottleLimit'].ParameterType | Should -Be ([int])
        $command.Parameters['TimeoutSec'].ParameterType | Should -Be ([int])
        $command.Parameters['Store'].ParameterType | Should -Be ([string[]])
        if ($command.Verb -in 'Add', 'Copy', 'Export', 'Import', 'Invoke', 'Optimize', 'Remove', 'Repair') {
            $command.Parameters.Keys | Should -Contain 'WhatIf'
        }
    }

    It '<_> has help' `
        -ForEach 'Add-ImageTag', 'Copy-Image', 'Export-Image', 'Find-Image', 'Get-Image', 'Get-ImageConfig', 'Get-ImageHistory',
        'Get-ImageLayer', 'Get-ImageManifest', 'Get-ImageReferrer',
        'Get-ImageStore', 'Get-ImageTag', 'Import-Image', 'Invoke-ImagePull', 'Invoke-ImagePush', 'Optimize-ImageStore', 'Remove-Image', 'Repair-ImageStore', 'Test-ImageStore', 'Test-ImageUpdate' {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeLike "*$_ *"
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        foreach ($example in $help.examples.example) { $example.code | Should -Match '\w+-Image' }
        $help | Out-String | Should -Not -BeLike '*``*'
        foreach ($parameter in $help.parameters.parameter) { "$($parameter.description.Text)" |
            Should -Not -BeNullOrEmpty -Because $parameter.name }
    }

    It 'have about topics' -ForEach 'about_ImgsPS', 'about_ImgsPS_Stores', 'about_ImgsPS_Docker', 'about_ImgsPS_Reliability' {
        Test-Path -LiteralPath "$folder/en-US/$_.help.txt" | Should -BeTrue
    }
}
