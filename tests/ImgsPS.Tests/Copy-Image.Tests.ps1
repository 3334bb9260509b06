# An archive as an end of Copy-Image, and as a store that is read (CP1, CP4, CP9, AR8).
Describe 'An archive as a store' {
    BeforeAll {
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-TestModule
        $store = New-TestStore
        $work = (New-Item -ItemType Directory (
            Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-archive-$([guid]::NewGuid().ToString('N'))")).FullName
        $registry = Start-TestRegistry
        $team = "$($registry.Host)/team"
        $base = @{ seed = 1; size = 2000 }, @{ seed = 2; size = 3000 }
        $null = Add-TestImage $registry 'team/app:1' @{ layers = $base + @{ seed = 3; size = 1500 } }
        $null = Add-TestImage $registry 'team/app:2' @{ layers = $base + @{ seed = 4; size = 1600 } }
        $null = Add-TestIndex $registry 'team/multi:1' @(
            @{ layers = @(@{ seed = 11; size = 800 }); os = 'linux'; architecture = 'amd64' }
            @{ layers = @(@{ seed = 12; size = 800 }); os = 'linux'; architecture = 'arm64' })
        'app:1', 'app:2' | ForEach-Object { $null = Invoke-ImagePull "$team/$_" }
        $facts = 'Reference', 'Id', 'Digest', 'Size'

        function Get-Leftover {
            Get-ChildItem -LiteralPath $work -Force -Filter '.imgsps-*'
            Get-ChildItem -LiteralPath ([System.IO.Path]::GetTempPath()) -Filter 'imgsps-copy-*'
        }

        # What is left over is looked for where nobody else puts anything.
        $temp = @{ TMPDIR = $env:TMPDIR; TEMP = $env:TEMP; TMP = $env:TMP }
        $env:TMPDIR = $env:TEMP = $env:TMP = (New-Item -ItemType Directory "$work/temp").FullName
    }

    AfterEach {
        Get-Leftover | Should -BeNullOrEmpty
    }

    AfterAll {
        $temp.Keys | ForEach-Object { Set-Item -LiteralPath "env:$_" -Value $temp[$_] }
        Stop-TestRegistry $registry
        Remove-TestStore $store
        Remove-Item -LiteralPath $work -Recurse -Force
    }

    It 'gets all images of a command, and is read with the digests that they had (CP1): <_>' -ForEach 'a.tar', 'a.tar.gz', 'A.TGZ' {
        $copied = Copy-Image "$team/app:1", "$team/app:2" -Destination "$work/$_"
        $copied.Reference | Should -Be "$team/app:1", "$team/app:2"
        $copied.Store | Should -Be "$work/$_", "$work/$_"
        $copied.SameDigest | Should -Be $true, $true
        Get-Image -Store "$work/$_" | Select-Object $facts | ConvertTo-Csv | Should -Be (Get-Image | Select-Object $facts | ConvertTo-Csv)
    }

    It 'is read by every cmdlet that reads images' {
        Copy-Image "$team/app:1" -Destination "$work/read.tar" | Out-Null
        $own = @{ Image = "$team/app:1"; Store = "$work/read.tar" }
        (Get-ImageLayer @own).Digest | Should -Be (Get-ImageLayer "$team/app:1").Digest
        (Get-ImageConfig @own).Id | Should -Be (Get-ImageConfig "$team/app:1").Id
        (Get-ImageHistory @own).Count | Should -Be (Get-ImageHistory "$team/app:1").Count
        (Get-ImageManifest @own).Digest | Should -Be (Get-Image "$team/app:1").Digest
        (Get-ImageStore "$work/read.tar").Kind | Should -Be 'archive'
        Push-Location $work
        try {
            (Get-Image -Store read.tar).Store | Should -Be "$work/read.tar"
        }
        finally {
            Pop-Location
        }
    }

    It 'is a source as any other: into a registry, a folder, another archive' {
        Copy-Image "$team/app:1", "$team/app:2" -Destination "$work/from.tar" | Out-Null
        $pushed = Get-Image -Store "$work/from.tar" | Copy-Image -Destination "registry://$($registry.Host)/mirror"
        $pushed.Reference | Sort-Object | Should -Be "$($registry.Host)/mirror/team/app:1", "$($registry.Host)/mirror/team/app:2"
        $pushed.SameDigest | Should -Be $true, $true
        (Copy-Image '*:2' -Store "$work/from.tar" -Destination "$work/folder/").Reference | Should -Be "$team/app:2"
        (Copy-Image '*' -Store "$work/from.tar" -Destination "$work/again.tar").Count | Should -Be 2
        (Get-Image -Store "$work/again.tar").Id | Should -Be (Get-Image -Store "$work/from.tar").Id
    }

    It 'takes a whole index from a registry, or one platform of it (CP4)' {
        (Copy-Image "$team/multi:1" -Store "registry://$($registry.Host)" -Destination "$work/multi.tar").SameDigest | Should -BeTrue
        (Get-Image -Store "$work/multi.tar").Platform | ForEach-Object ToString | Sort-Object | Should -Be 'linux/amd64', 'linux/arm64'
        $all = Copy-Image "$team/multi:1" -Store "registry://$($registry.Host)" -Destination "$work/all.tar" -AllPlatforms
        $all.Digest | Should -Be (Get-Image -Store "$work/multi.tar")[0].Digest
        $one = Copy-Image "$team/multi:1" -Store "registry://$($registry.Host)" -Destination "$work/one.tar" -Platform linux/arm64
        $one.SameDigest | Should -BeFalse
        "$((Get-Image -Store "$work/one.tar").Platform)" | Should -Be 'linux/arm64'
    }

    It 'is as it was when one of its images cannot be copied (CP9)' {
        Set-Content -LiteralPath "$work/old.tar" 'what was there'
        $said = Copy-Image "$team/app:1", "$team/nope:1" -Destination "$work/old.tar" -ErrorVariable failed -ErrorAction SilentlyContinue `
            -WarningVariable warned -WarningAction SilentlyContinue
        $said | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound*'
        $warned | Should -BeLike "Nothing was written to '$work/old.tar'*"
        Get-Content -LiteralPath "$work/old.tar" | Should -Be 'what was there'
    }

    It 'is not written when one of two stores does not have an image, though the other has it under that name (CP9)' {
        Copy-Image "$team/app:2" -Destination "$work/other/" | Out-Null
        Copy-Image "$team/app:1" -Store local, "$work/other" -Destination "$work/two.tar" -ErrorVariable failed -ErrorAction SilentlyContinue `
            -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound*'
        Test-Path -LiteralPath "$work/two.tar" | Should -BeFalse
    }

    It 'is not replaced with -NoClobber, and not written with -WhatIf, which says what would be replaced' {
        Copy-Image "$team/app:1" -Destination "$work/kept.tar" | Out-Null
        $hash = (Get-FileHash -LiteralPath "$work/kept.tar").Hash
        { Copy-Image "$team/app:2" -Destination "$work/kept.tar" -NoClobber -ErrorAction Stop } |
            Should -Throw -ErrorId 'ImageConflict,ImgsPS.Cmdlets.CopyImageCommand'
        Get-WhatIfLine { Copy-Image "$team/app:2" -Destination "$work/kept.tar" -WhatIf } | Should -BeLike '*replacing the file*'
        Copy-Image "$team/app:2" -Destination "$work/new.tar" -WhatIf
        Test-Path -LiteralPath "$work/new.tar" | Should -BeFalse
        (Get-FileHash -LiteralPath "$work/kept.tar").Hash | Should -Be $hash
    }

    It 'is only read: <Name>' -ForEach @(
        @{ Name = 'Remove-Image'; Act = { Remove-Image "$team/app:1" -Store "$work/only.tar" -ErrorAction Stop } }
        @{ Name = 'Add-ImageTag'; Act = { Add-ImageTag "$team/app:1" -Tag x:1 -Store "$work/only.tar" -ErrorAction Stop } }
        @{ Name = 'Invoke-ImagePull'; Act = { Invoke-ImagePull "$team/app:1" -Store "$work/only.tar" -ErrorAction Stop } }
        @{ Name = 'Optimize-ImageStore'; Act = { Optimize-ImageStore "$work/only.tar" -ErrorAction Stop } }
    ) {
        Copy-Image "$team/app:1" -Destination "$work/only.tar" | Out-Null
        $hash = (Get-FileHash -LiteralPath "$work/only.tar").Hash
        $Act | Should -Throw -ErrorId 'NotSupported,*' -ExpectedMessage '*an archive*'
        (Get-FileHash -LiteralPath "$work/only.tar").Hash | Should -Be $hash
    }

    It 'is an error that names it when it is none: <_>' -ForEach 'text.tar', 'missing.tar' {
        if ($_ -eq 'text.tar') {
            Set-Content -LiteralPath "$work/text.tar" ('no archive ' * 100)
        }

        $path = "$work/$_"
        { Get-Image -Store $path } | Should -Throw -ExpectedMessage "*$path*"
    }
}
