# The module as users get it: published to a repository, installed from there, and imported by name in a session that has nothing else.
BeforeDiscovery {
    $core = $PSVersionTable.PSVersion.Major -ge 7
}

Describe 'The published module' -Skip:(-not $core) {
    BeforeAll {
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        $registry = Start-TestRegistry
        $image = Add-TestImage $registry 'team/app:1'
        $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-install-' + [guid]::NewGuid().ToString('N'))
        $null = New-Item -ItemType Directory -Path "$work/home", "$work/repository", "$work/modules"

        # Runs a script in a PowerShell whose home is empty; from its JSON comes an object.
        function Invoke-Fresh([string] $Script) {
            $environment = @{
                HOME = "$work/home"; XDG_DATA_HOME = "$work/home"; XDG_CONFIG_HOME = "$work/home"; XDG_CACHE_HOME = "$work/home"
                PSModulePath = "$work/modules"; IMGSPS_STORE = "$work/store"
            }
            $before = @{}
            foreach ($name in $environment.Keys) {
                $before[$name] = [System.Environment]::GetEnvironmentVariable($name)
                Set-Item -LiteralPath "env:$name" -Value $environment[$name]
            }

            try { $lines = @(Invoke-TestShell "`$ErrorActionPreference = 'Stop'; $Script") }
            finally { foreach ($name in $before.Keys) { Set-Item -LiteralPath "env:$name" -Value $before[$name] } }

            try { $lines[-1] | ConvertFrom-Json } catch { throw "There is no result: $lines" }
        }

        # Save-PSResource is the install into a folder that is named: the user's own stays as it is on Windows too, where it cannot be
        # moved.
        $folder = Split-Path (Get-TestModulePath)
        $published = Invoke-Fresh @"
            `$name = 'ImgsPS-$([guid]::NewGuid().ToString('N'))'
            Register-PSResourceRepository -Name `$name -Uri '$work/repository'
            try {
                Publish-PSResource -Path '$folder' -Repository `$name
                Save-PSResource ImgsPS -Repository `$name -Path '$work/modules' -TrustRepository
                Find-PSResource ImgsPS -Repository `$name | Select-Object Name, @{ n = 'Version'; e = { "`$(`$_.Version)" } }, Author, Description, Tags, ReleaseNotes | ConvertTo-Json -Compress
            } finally {
                Unregister-PSResourceRepository -Name `$name
            }
"@
        $session = Invoke-Fresh @"
            Import-Module ImgsPS
            `$module = Get-Module ImgsPS
            `$pulled = Invoke-ImagePull $($registry.Host)/team/app:1
            `$listed = @(Get-Image)
            `$removed = `$listed | Remove-Image -PassThru
            ConvertTo-Json -Compress @{
                Folder = `$module.ModuleBase; Version = "`$(`$module.Version)"; Commands = `$module.ExportedCmdlets.Count
                Pulled = `$pulled.Id; Listed = `$listed.Id; Deleted = @(`$removed.Deleted); Left = @(Get-Image).Count
                Topic = "`$(Get-Help about_ImgsPS)"
            }
"@
    }

    AfterAll {
        Stop-TestRegistry $registry
        Remove-Item -LiteralPath $work -Recurse -Force
    }

    It 'has in the repository what its manifest says' {
        $manifest = Import-PowerShellDataFile (Get-TestModulePath)
        Get-ChildItem -LiteralPath "$work/repository" | ForEach-Object Name | Should -Be "ImgsPS.$($manifest.ModuleVersion).nupkg"
        $published.Version | Should -Be $manifest.ModuleVersion
        $published.Author | Should -Be $manifest.Author
        $published.Description | Should -Be $manifest.Description
        $manifest.PrivateData.PSData.Tags | Should -BeIn $published.Tags
    }

    It 'has its licence and all that the built module has' {
        $here = Get-ChildItem -LiteralPath $session.Folder -Recurse -File | ForEach-Object { $_.FullName.Substring($session.Folder.Length) }
        $built = Get-ChildItem -LiteralPath $folder -Recurse -File | ForEach-Object { $_.FullName.Substring($folder.Length) }
        $built | Where-Object { $_ -notin $here } | Should -BeNullOrEmpty
        $here.TrimStart('/', '\') | Should -Contain 'LICENSE'
    }

    It 'is imported by name from where it was installed' {
        $session.Folder | Should -BeLike "$work*"
        $session.Version | Should -Be (Import-PowerShellDataFile (Get-TestModulePath)).ModuleVersion
        $session.Commands | Should -Be (Import-PowerShellDataFile (Get-TestModulePath)).CmdletsToExport.Count
        $session.Topic | Should -Match 'ImgsPS'
    }

    It 'pulls, lists and removes an image' {
        $session.Pulled | Should -Be $image.id
        $session.Listed | Should -Be $image.id
        $session.Deleted | Should -Contain $image.id
        $session.Left | Should -Be 0
    }

    It 'leaves the repositories of the user as they were' {
        Get-PSResourceRepository | Where-Object Name -Like 'ImgsPS-*' | Should -BeNullOrEmpty
        if (-not $IsWindows) { Get-ChildItem -LiteralPath "$work/home" -Recurse -Filter 'PSResourceRepository.xml' | Should -HaveCount 1 }
    }
}
