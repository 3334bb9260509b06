BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }) }
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 2; size = 3000 }) }
    function Copy-Serialized($Value) {
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value)) }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Add-ImageTag' {
    BeforeEach {
        $store = New-TestStore
        $one, $two = Invoke-ImagePull "$address/team/app:1", "$address/team/app:2"
    }

    AfterEach {
        Remove-TestStore $store
    }

    It 'gives as many names as wanted, and writes nothing without -PassThru' {
        Add-ImageTag "$address/team/app:1" 'app:a', 'reg.example.com/app', 'app:b' | Should -BeNullOrEmpty
        (Get-Image | Where-Object Id -EQ $one.Id).Reference | Sort-Object |
            Should -Be (@("$address/team/app:1", 'app:a', 'app:b', 'reg.example.com/app:latest') | Sort-Object)
    }

    It 'writes the image under its new names with -PassThru, also as Tag-Image' {
        $tagged = Tag-Image "$address/team/app:1" 'app:a', 'app:b' -PassThru
        $tagged | Should -BeOfType ImgsPS.Image
        $tagged.Reference | Should -Be 'app:a', 'app:b'
        $tagged.Id | Select-Object -Unique | Should -Be $one.Id
        $tagged[0].Store | Should -Be 'local'
    }

    It 'moves a name without -Force, says so with -Verbose, and leaves the old image dangling' {
        Add-ImageTag "$address/team/app:1" "$address/team/app:2" -Verbose 4>&1 | Out-String | Should -BeLike "*$address/team/app:2*"
        (Get-Image "$address/team/app:2").Id | Should -Be $one.Id
        (Get-Image | Where-Object Dangling).Id | Should -Be $two.Id
    }

    It 'has one error for a bad name, and gives the others (N4, N8)' {
        Add-ImageTag "$address/team/app:1" 'BAD', 'sha256:foo', "x@$($one.Digest)", 'app:good' -ErrorAction SilentlyContinue `
            -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'InvalidReference,ImgsPS.Cmdlets.AddImageTagCommand'
        $failed.TargetObject | Should -Be 'BAD', 'sha256:foo', "x@$($one.Digest)"
        $failed[1].Exception.Message | Should -Be 'refusing to create an ambiguous tag using digest algorithm as name'
        (Get-Image app:good).Id | Should -Be $one.Id
    }

    It 'takes <Form> from the pipeline' -ForEach @(
        @{ Form = 'a string'; Value = { "$address/team/app:2" } }
        @{ Form = 'an id'; Value = { $two.Id.Substring(7, 12) } }
        @{ Form = 'an Image'; Value = { $two } }
        @{ Form = 'a deserialized Image'; Value = { Copy-Serialized $two } }
        @{ Form = 'a CSV row'; Value = { $two | ConvertTo-Csv | ConvertFrom-Csv } }
    ) {
        (& $Value | Add-ImageTag -Tag 'app:new' -PassThru).Id | Should -Be $two.Id
    }

    It 'names a dangling image' {
        Add-ImageTag "$address/team/app:1" "$address/team/app:2"
        Get-Image | Where-Object Dangling | Add-ImageTag -Tag 'kept:1'
        (Get-Image kept:1).Id | Should -Be $two.Id
        Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
    }

    It 'warns once when several images get the same name, and the last one keeps it' {
        $one, $two | Add-ImageTag -Tag 'app:x', 'app:y' -WarningVariable said -WarningAction SilentlyContinue
        @($said | Where-Object { $_ -like '*app:x*' }) | Should -HaveCount 1
        (Get-Image app:x).Id | Should -Be $two.Id
    }

    It 'does not tag another image when the name has moved since, but with -Force the one that was listed' {
        Add-ImageTag "$address/team/app:1" 'app:mine'
        $listed = Get-Image app:mine
        Add-ImageTag "$address/team/app:2" 'app:mine'
        $listed | Add-ImageTag -Tag 'app:copy' -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageConflict,ImgsPS.Cmdlets.AddImageTagCommand'
        Get-Image app:copy -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $listed | Add-ImageTag -Tag 'app:copy' -Force
        (Get-Image app:copy).Id | Should -Be $one.Id
    }

    It 'tags in the store that a piped image came from' {
        $other = Join-Path $store 'other'
        $null = Invoke-ImagePull "$address/team/app:1" -Store $other
        (Get-Image -Store $other | Add-ImageTag -Tag 'app:there' -PassThru).Store | Should -Be $other
        Get-Image app:there -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'tags in several stores, and an error names the one that lacks the image' {
        $other = Join-Path $store 'other'
        $null = Invoke-ImagePull "$address/team/app:1" -Store $other
        (Add-ImageTag "$address/team/app:1" 'app:both' -Store local, $other -PassThru).Store | Should -Be 'local', $other
        (Add-ImageTag "$address/team/app:2" 'app:one' -Store local, $other -PassThru -ErrorAction SilentlyContinue `
            -ErrorVariable failed).Store | Should -Be 'local'
        $failed.FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.AddImageTagCommand'
        "$($failed[0].ErrorDetails)" | Should -BeLike "${other}: No such image*"
    }

    It 'asks for each name, and changes nothing with -WhatIf' {
        $text = Get-WhatIfLine { Add-ImageTag "$address/team/app:1" app:a, app:b -WhatIf }
        $text[0] | Should -BeLike "*`"Tag as app:a`"*$address/team/app:1 ($($one.Id.Substring(7, 12)))*"
        $text[1] | Should -BeLike '*"Tag as app:b"*'
        @(Get-Image) | Should -HaveCount 2
    }

    It 'has an error for an image that is not there, and goes on' {
        Add-ImageTag 'nosuch', "$address/team/app:1" 'app:a' -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.AddImageTagCommand'
        $failed.TargetObject | Should -Be 'nosuch'
        (Get-Image app:a).Id | Should -Be $one.Id
    }
}
