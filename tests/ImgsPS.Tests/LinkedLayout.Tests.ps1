# FF24: layouts in which blobs are symbolic links to files of the same folder, as bazel's rules_oci makes them.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }) }
    $layout = Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-$([guid]::NewGuid().ToString('N'))"
    $name = "$($registry.Host)/team/app:1"
    $null = Invoke-ImagePull $name -Store $layout
    $id = (Get-Image -Store $layout).Id

    if ($env:OS -ne 'Windows_NT') {
        $blobs = Join-Path $layout 'blobs/sha256'
        $null = New-Item -ItemType Directory "$layout/external"
        foreach ($file in Get-ChildItem -File $blobs) {
            Move-Item $file.FullName "$layout/external"
            $null = New-Item -ItemType SymbolicLink -Path $file.FullName -Target "../../external/$($file.Name)"
        }
    }
}

AfterAll {
    if ($registry) { Stop-TestRegistry $registry }
    if ($layout) { Remove-Item -Recurse -Force $layout -ErrorAction Ignore }
}

Describe 'A layout with linked blobs' -Skip:($env:OS -eq 'Windows_NT') {
    It 'is read with -FollowSymlink by <_>, and nothing is written' -ForEach 'Get-Image', 'Get-ImageConfig', 'Get-ImageManifest' {
        $before = Get-ChildItem -Recurse -Force $layout | ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" }
        $found = & $_ $name -Store $layout -FollowSymlink -ErrorAction Stop
        if ($found.PSObject.Properties['Id']) { $found.Id | Should -Be $id } else { $found.ConfigDigest | Should -Be $id }
        Get-ChildItem -Recurse -Force $layout | ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" } | Should -Be $before
    }

    It 'has its layers and history, and no fault' {
        @(Get-ImageLayer $name -Store $layout -FollowSymlink).Count | Should -BeGreaterThan 0
        @(Get-ImageHistory $name -Store $layout -FollowSymlink).Count | Should -BeGreaterThan 0
        Test-ImageStore $layout -FollowSymlink -Full | Where-Object Severity -eq Error | Should -BeNullOrEmpty
    }

    It 'is told of by <_> without it: the link, where it leads, and the switch' -ForEach 'Get-Image', 'Get-ImageConfig' {
        $null = & $_ $name -Store $layout -ErrorAction SilentlyContinue -ErrorVariable failed -WarningVariable warned
        $failed[0].Exception.Message | Should -Match "symbolic link to '../../external/[0-9a-f]{64}'"
        $failed[0].Exception.Advice | Should -Match '-FollowSymlink'
        $failed[0].Exception.Message, $warned | Should -Not -Match 'damaged'
    }

    It 'is refused for a Docker Engine' {
        { Get-Image -Store docker -FollowSymlink -ErrorAction Stop } | Should -Throw -ErrorId 'NotSupported,ImgsPS.Cmdlets.GetImageCommand'
    }
}
