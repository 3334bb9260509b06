# What leaves the pipeline for files and other programs: JSON, CSV, jobs (FF26).
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $null = Add-TestImage $registry 'team/app:1' @{ labels = @{ env = 'prod'; note = 'a;b=c' }; layers = @(@{ seed = 1; size = 10 }, @{ seed = 2; size = 20 }) }
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 3; size = 10 }) }
    $null = Add-TestImage $registry 'team/windows:1' @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.1'; osFeatures = @('win32k') }
    $null = Invoke-ImagePull "$address/team/app:1", "$address/team/app:2"
    $null = Invoke-ImagePull "$address/team/windows:1" -Platform windows/amd64
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'FF26: ConvertTo-Json at its own depth' {
    It 'goes without a warning: <Command>' -ForEach @(
        @{ Command = 'Get-Image' }
        @{ Command = 'Get-Image ADDRESS/team/app:1' }
        @{ Command = 'Get-Image *windows*' }
        @{ Command = 'Get-ImageManifest ADDRESS/team/app:1, ADDRESS/team/windows:1' }
        @{ Command = 'Get-ImageLayer *app:*' }
        @{ Command = 'Get-ImageHistory *app:*' }
        @{ Command = 'Get-ImageConfig *:*' }
        @{ Command = 'Get-ImageStore' }
        @{ Command = 'Invoke-ImagePull ADDRESS/team/app:1, ADDRESS/team/app:2' }
        @{ Command = 'Test-ImageStore' }
    ) {
        $found = @(& ([scriptblock]::Create($Command.Replace('ADDRESS', $address))))
        $json = ConvertTo-Json -InputObject $found -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -BeNullOrEmpty
        $json | Should -Not -Match 'ImgsPS\.|System\.'
    }

    It 'has what matters of an image' {
        $read = Get-Image *app:* | ConvertTo-Json | ConvertFrom-Json
        @($read).Count | Should -Be 2
        $one = $read | Where-Object Tag -EQ 1
        $one.Labels.note | Should -Be 'a;b=c'
        $one.Layers | Should -Be (Get-ImageLayer "$address/team/app:1").Digest
        $one.Platform.OS | Should -Be 'linux'
    }
}

Describe 'FF26: the layers of a list' {
    It 'have digest, diff id, size and media type, and the rest is that of Get-ImageLayer' {
        $layers = (Get-Image "$address/team/app:1").Layers
        $whole = Get-ImageLayer "$address/team/app:1"
        $layers.Count | Should -Be 2
        foreach ($name in 'Digest', 'DiffId', 'Size', 'MediaType') {
            $layers.$name | Should -Be $whole.$name
            $layers[1].$name | Should -Be $whole[1].$name
            @($layers | ForEach-Object { $_.$name }) | Should -Be $whole.$name
        }

        $layers[-1].Digest | Should -Be $whole[1].Digest
        foreach ($name in 'SharedWith', 'CreatedBy', 'Store', 'ChainId') { $layers[0].PSObject.Properties[$name] | Should -BeNullOrEmpty }
        "$($layers[0])" | Should -Be $whole[0].Digest
    }

    It 'come whole through a job' {
        $image = Get-Image "$address/team/app:1"
        $text = [System.Management.Automation.PSSerializer]::Serialize($image)
        $copy = [System.Management.Automation.PSSerializer]::Deserialize($text)
        $copy.Layers.Count | Should -Be 2
        $copy.Layers[1].Size | Should -Be $image.Layers[1].Size
        $copy.Layers.Digest | Should -Be $image.Layers.Digest
        $copy.Labels['env'] | Should -Be 'prod'
    }

    It 'leave the features of an operating system to be asked for' {
        (Get-Image *windows*).Platform.OSFeatures | Should -Be 'win32k'
        @((Get-Image "$address/team/app:1").Platform.OSFeatures) | Should -BeNullOrEmpty
    }
}

Describe 'FF26: Export-Csv' {
    It 'writes texts and no names of types: <Command>' -ForEach @(
        @{ Command = 'Get-Image' }
        @{ Command = 'Get-ImageManifest ADDRESS/team/app:1' }
        @{ Command = 'Get-ImageLayer *app:*' }
        @{ Command = 'Get-ImageHistory *app:*' }
        @{ Command = 'Get-ImageStore' }
        @{ Command = 'Remove-Image *none* -PassThru' }
    ) {
        & ([scriptblock]::Create($Command.Replace('ADDRESS', $address))) | ConvertTo-Csv -NoTypeInformation |
            Should -Not -Match 'System\.|ImgsPS\.|\[\]'
    }

    It 'writes labels as k=v, layers as digest=size, and the rest in the order of the properties' {
        $row = Get-Image "$address/team/app:1" | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
        $row.Labels | Should -Be 'env=prod;note=a;b=c'
        $layers = Get-ImageLayer "$address/team/app:1"
        $row.Layers | Should -Be "$($layers[0].Digest)=$($layers[0].Size);$($layers[1].Digest)=$($layers[1].Size)"
        $row.UsedBy | Should -Be ''
        @($row.PSObject.Properties.Name)[0] | Should -Be 'Reference'
    }

    It 'writes all times with one offset' {
        $null = Add-TestImage $registry 'team/zone:1' @{ created = '2024-05-01T12:00:00+09:00' }
        $image = Invoke-ImagePull "$address/team/zone:1"
        $image.Created.Offset | Should -Be ([TimeSpan]::Zero)
        $image.Created.UtcDateTime.Hour | Should -Be 3
        foreach ($row in Get-Image | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv) {
            foreach ($time in $row.Created, $row.PulledAt) { $time | Should -Match ' \+00:00$' }
        }

        (Get-ImageConfig "$address/team/zone:1").Created.Offset | Should -Be ([TimeSpan]::Zero)
        Remove-Image "$address/team/zone:1"
    }

    It 'goes back to Remove-Image' {
        $csv = Join-Path $TestDrive 'images.csv'
        Get-Image | Export-Csv -Path $csv -NoTypeInformation
        @(Get-WhatIfLine { Import-Csv $csv | Remove-Image -WhatIf -ErrorAction Stop }) | Should -HaveCount 3
    }
}
