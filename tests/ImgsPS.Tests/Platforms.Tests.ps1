# An image is one platform's image (FF2): several platforms of a tag are several objects, and each leads every cmdlet to itself.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $base = @{ seed = 700; size = 5000 }
    $parts = @(
        @{ os = 'linux'; architecture = 'amd64'; layers = @($base, @{ seed = 701; size = 100 }) }
        @{ os = 'linux'; architecture = 'arm64'; layers = @($base, @{ seed = 702; size = 200 }) }
        @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.17763.5696'; layers = @(@{ seed = 703; size = 300 }) }
        @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.2322'; layers = @(@{ seed = 704; size = 400 }) }
    )
    $null = Add-TestIndex $registry 'team/app:1' $parts
    $name = "$address/team/app:1"
    $platforms = 'linux/amd64', 'linux/arm64', 'windows(10.0.17763.5696)/amd64', 'windows(10.0.20348.2322)/amd64'

    function Get-Platform { @(Get-Image @args | ForEach-Object { "$($_.Platform)" } | Sort-Object) }
    function Get-BlobByte { [long](Get-ChildItem -LiteralPath (Join-Path $store 'blobs') -File -Recurse | Measure-Object Length -Sum).Sum }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'A tag of several platforms (FF2)' {
    BeforeEach {
        $store = New-TestStore
        $pulled = $platforms | ForEach-Object { Invoke-ImagePull $name -Platform $_ }
    }

    AfterEach {
        Remove-TestStore $store
    }

    It 'is an object for each, as it was pulled' {
        $images = @(Get-Image)
        $images | Should -HaveCount 4
        $images.Id | Sort-Object -Unique | Should -Be ($pulled.Id | Sort-Object)
        $images.Digest | Sort-Object -Unique | Should -HaveCount 1
        foreach ($image in $images) {
            $own = $pulled | Where-Object Id -EQ $image.Id
            "$($image.Platform) $($image.Size) $($image.Created)" | Should -Be "$($own.Platform) $($own.Size) $($own.Created)"
            (Get-Image $image.Id).ManifestDigest | Should -Be $image.ManifestDigest
            (Get-ImageConfig $image.Id).Id | Should -Be $image.Id
        }

        (Get-ImageStore).Images | Should -Be 4
    }

    It 'leads <Command> to the image that was <From>' -ForEach @(
        foreach ($from in 'listed', 'pulled', 'exported', 'serialized', 'narrowed') {
            foreach ($command in 'Get-ImageConfig', 'Get-ImageLayer', 'Get-ImageManifest', 'Get-ImageConfig -Remote', 'Get-ImageLayer -Remote') {
                if ($from -ne 'narrowed' -or $command -notmatch 'Remote|Manifest') { @{ Command = $command; From = $from } }
            }
        }
    ) {
        $rows = switch ($From) {
            'listed' { Get-Image }
            'pulled' { $pulled }
            'exported' { Get-Image | ConvertTo-Csv | ConvertFrom-Csv }
            'serialized' { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@(Get-Image))) }
            'narrowed' { Get-Image | Select-Object Repository, Tag, Id }
        }
        foreach ($row in $rows) {
            $image = $pulled | Where-Object Id -EQ $row.Id
            $answer = $row | & ([scriptblock]::Create("`$input | $Command"))
            switch -Wildcard ($Command) {
                'Get-ImageConfig*' { $answer.Id | Should -Be $image.Id }
                'Get-ImageLayer*' { $answer.Digest | Should -Be $image.Layers.Digest }
                default { $answer.Digest | Should -Be $image.ManifestDigest }
            }
        }
    }

    It 'loses one platform to a piped <From> object, and the name with the last (FF2, FF7, DU3)' -ForEach @(
        @{ From = 'listed' }
        @{ From = 'exported' }
    ) {
        $rows = @(Get-Image)
        if ($From -eq 'exported') { $rows = $rows | ConvertTo-Csv | ConvertFrom-Csv }
        $plan = @($rows | Remove-Image -WhatIf -PassThru 6>$null)
        $left = 3
        foreach ($row in $rows) {
            $before = Get-BlobByte
            $removal = $row | Remove-Image -PassThru
            $removal.BytesFreed | Should -Be ($before - (Get-BlobByte))
            $planned = $plan | Where-Object { $_.Deleted[0] -eq $removal.Deleted[0] }
            "$($planned.Untagged) $($planned.Deleted) $($planned.BytesFreed) $($planned.Platform)" |
                Should -Be "$($removal.Untagged) $($removal.Deleted) $($removal.BytesFreed) $($removal.Platform)"
            @(Get-Image) | Should -HaveCount $left
            (Get-Image).Id | Should -Not -Contain $row.Id
            { Get-ImageConfig $row.Id -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound*'
            $left--
        }

        Get-BlobByte | Should -Be 0
    }

    It 'goes as a whole by its name' {
        $lines = @(Get-WhatIfLine { Remove-Image $name -WhatIf })
        $lines[0] | Should -Match '"Remove image" on target "\S+ \(4 images: linux/amd64, .*, frees \d+ bytes"'
        (Remove-Image $name -PassThru).Untagged[0] | Should -Be $name
        Get-BlobByte | Should -Be 0
    }

    It 'says with -WhatIf which platform a piped image has' {
        $lines = @(Get-WhatIfLine { Get-Image | Remove-Image -WhatIf })
        foreach ($i in 0..2) { $lines[$i] | Should -Match '"Remove image" on target "\S+ \([0-9a-f]{12}, (linux|windows)[^,]+\), frees \d+ bytes"' }
        $lines[3] | Should -Match '"Remove image" on target "\S+ \([0-9a-f]{12}\), frees \d+ bytes"'
    }

    It 'keeps what another name of it shows' {
        $null = Add-ImageTag $name other:2
        Get-Image $name | Where-Object Architecture -EQ arm64 | Remove-Image
        Get-Platform $name | Should -Be ($platforms -ne 'linux/arm64')
        Get-Platform other:2 | Should -Be $platforms
        Get-WhatIfLine { Get-Image $name | Remove-Image -WhatIf } | Select-Object -First 3 | Should -Match '"Untag"'
        Remove-Image other:2
        Get-Platform | Should -Be ($platforms -ne 'linux/arm64')
        (Test-ImageStore -Full | Where-Object Severity -EQ Error) | Should -BeNullOrEmpty
    }

    It 'comes back by a pull, which says so' {
        Get-Image | Where-Object Architecture -EQ arm64 | Remove-Image
        (Invoke-ImagePull $name -Platform linux/arm64).Status | Should -Be Downloaded
        (Invoke-ImagePull $name -Platform linux/arm64).Status | Should -Be UpToDate
        Get-Platform | Should -Be $platforms
    }

    It 'is pulled again for the platform of the piped image' {
        (Get-Image | Invoke-ImagePull | ForEach-Object { "$($_.Platform) $($_.Status)" } | Sort-Object) |
            Should -Be ($platforms | ForEach-Object { "$_ UpToDate" })
    }

    It 'gives a name to a piped image alone, and to all by its name' {
        (Get-Image | Where-Object Architecture -EQ arm64 | Add-ImageTag -Tag arm:1 -PassThru).Id |
            Should -Be ($pulled | Where-Object Architecture -EQ arm64).Id
        Get-Platform arm:1 | Should -Be linux/arm64
        Get-Image $name | Where-Object OS -EQ windows | Add-ImageTag -Tag arm:1 -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        Get-Platform arm:1 | Should -Be ($platforms -ne 'linux/amd64')
        Add-ImageTag $name all:1 -PassThru | Should -HaveCount 4
    }

    It 'shows the platforms where a name has several' {
        $text = Get-Image | Out-String -Width 120
        $text | Should -Match 'Platform\s+Repository'
        foreach ($platform in 'linux/amd64', 'linux/arm64') { $text | Should -Match $platform }
        Remove-Image $name
        $null = Invoke-ImagePull $name -Platform linux/arm64
        Get-Image | Out-String -Width 120 | Should -Not -Match 'Platform'
    }
}

Describe 'Invoke-ImagePull -AllPlatforms (FF2)' {
    It 'writes an object for each platform' {
        $store = New-TestStore
        $images = Invoke-ImagePull $name -AllPlatforms
        $images | ForEach-Object { "$($_.Platform) $($_.Status)" } | Sort-Object | Should -Be ($platforms | ForEach-Object { "$_ Downloaded" })
        Invoke-ImagePull $name -AllPlatforms | ForEach-Object { $_.Status } | Should -Be (@('UpToDate') * 4)
        Remove-TestStore $store
    }
}
