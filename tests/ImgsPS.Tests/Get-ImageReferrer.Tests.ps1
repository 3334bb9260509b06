BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $image = Add-TestImage $registry team/app:1 @{ layers = @(@{ seed = 1; size = 900 }) }
    $index = Add-TestIndex $registry team/multi:1 @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
    $sbom = Add-TestReferrer $address team/app -Subject $image.digest -ArtifactType application/spdx+json -MediaType application/spdx+json `
        -Content '{"name":"app","packages":[{"name":"musl"},{"name":"zlib"}],"Name":"other"}' `
        -Annotations @{ "odd$([char]27)[2J" = "a$([char]7)b" }
    $signature = Add-TestReferrer $address team/app -Subject $sbom.digest -ArtifactType application/vnd.example.signature -Content signed
    $cosign = Add-TestReferrer $address team/app -Tag "$($image.digest.Replace(':', '-')).sig" -Content '{"critical":{}}' `
        -MediaType application/vnd.dev.cosign.simplesigning.v1+json
    $ofChild = Add-TestReferrer $address team/multi -Subject $index.images[1].digest -ArtifactType application/vnd.example.signature
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Get-ImageReferrer' {
    It 'lists what refers to an image of a registry, with how it was found (RF1, RF7)' {
        $found = Get-ImageReferrer "$address/team/app:1"
        $found | Should -BeOfType ImgsPS.ImageReferrer
        $found.Digest | Should -Be $sbom.digest, $cosign.digest
        "$($found.Source)" | Should -Be 'Api CosignTag'
        $found[0].ArtifactType | Should -Be application/spdx+json
        $found[0].Subject | Should -Be $image.digest
        $found[0].Reference | Should -Be "$address/team/app@$($sbom.digest)"
        $found[0].Image | Should -Be "$address/team/app:1"
        $found[0].Store | Should -Be "registry://$address"
    }

    It 'takes <Form>' -TestCases @(
        @{ Form = 'a reference by the pipeline'; Value = { "$address/team/app:1" } }
        @{ Form = 'an object with a property Reference'; Value = { [pscustomobject]@{ Reference = "$address/team/app:1" } } }
        @{ Form = 'an image of a registry'; Value = { Get-Image team/app:1 -Store "registry://$address" } }
        @{ Form = 'a manifest'; Value = { Get-ImageManifest "$address/team/app:1" } }
        @{ Form = 'a row of a CSV file'; Value = { Get-Image team/app:1 -Store "registry://$address" | ConvertTo-Csv | ConvertFrom-Csv } }
    ) {
        (& $Value | Get-ImageReferrer).Digest | Should -Contain $sbom.digest
    }

    It 'goes on from a referrer that is piped (RF8)' {
        $deep = Get-ImageReferrer "$address/team/app:1" application/spdx+json | Get-ImageReferrer
        $deep.Digest | Should -Be $signature.digest
        $all = Get-ImageReferrer "$address/team/app:1" -Recurse
        ($all | Where-Object Depth -EQ 2).Digest | Should -Be $signature.digest
        (Get-ImageReferrer "$address/team/app:1" -ArtifactType application/vnd.example.signature -Recurse).Digest |
            Should -Be $signature.digest
    }

    It 'tells the platform of an image of an index (RF7)' {
        $found = Get-ImageReferrer "$address/team/multi:1"
        $found.Digest | Should -Be $ofChild.digest
        "$($found.Platform)" | Should -Be linux/arm64
        (Get-ImageReferrer "$address/team/multi@$($index.images[1].digest)").Digest | Should -Be $ofChild.digest
        Get-ImageReferrer "$address/team/multi@$($index.images[0].digest)" | Should -BeNullOrEmpty
    }

    It 'writes JSON as objects and all else as bytes (RF8)' {
        $content = Get-ImageReferrer "$address/team/app:1" application/spdx+json -Content
        $content.packages.name | Should -Be musl, zlib
        # Names that differ by case alone: nothing is lost.
        $content['Name'] | Should -Be other
        $signed = Get-ImageReferrer "$address/team/app@$($sbom.digest)" -Content
        , $signed | Should -BeOfType byte[]
        [System.Text.Encoding]::UTF8.GetString($signed) | Should -Be signed
    }

    It 'is an error where nobody tells, and goes on (RF1)' {
        Add-TestFault $registry @{ action = 'status'; match = '^GET .*team/multi/referrers/'; status = 500 }
        try {
            $found = Get-ImageReferrer "$address/team/multi:1", "$address/team/app:1" -TimeoutSec 1 -ErrorVariable failed `
                -ErrorAction SilentlyContinue
        } finally {
            Reset-TestRegistry $registry
        }

        $failed | Should -HaveCount 1
        $found.Digest | Should -Contain $sbom.digest
    }

    It 'shows nothing that does something to a terminal' {
        $text = Get-ImageReferrer "$address/team/app:1" | Format-List * | Out-String
        $text | Should -BeLike '*odd*'
        $text -replace '\x1b\[[0-9;]*m' | Should -Not -Match '[\x07\x1b]'
        Get-ImageReferrer "$address/team/app:1" | Out-String | Should -BeLike "*$($sbom.digest.Substring(7, 12))*Api*application/spdx+json*"
    }

    It 'completes types' {
        $line = 'Get-ImageReferrer app:1 -ArtifactType application/spdx'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be application/spdx+json
    }
}

Describe '-IncludeReferrers' {
    It 'keeps them in the local store and on, through an archive, and they go with their image (CP3, AR19)' {
        $null = Invoke-ImagePull "$address/team/app:1" -IncludeReferrers
        Get-Image | Should -HaveCount 1
        (Get-Image | Get-ImageReferrer -Recurse).Digest | Sort-Object |
            Should -Be ($sbom.digest, $signature.digest, $cosign.digest | Sort-Object)
        $file = Join-Path $TestDrive app.tar
        Export-Image "$address/team/app:1" $file -IncludeReferrers
        Get-Image | Remove-Image
        (Get-ImageStore).Bytes | Should -Be 0
        $null = Import-Image $file
        (Get-ImageReferrer "$address/team/app:1" -Store local -Recurse).Digest | Should -HaveCount 3
        $null = Optimize-ImageStore
        Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
        $null = Invoke-ImagePush "$address/team/app:1" "$address/copy/app:1" -IncludeReferrers
        (Get-ImageReferrer "$address/copy/app:1" -Recurse).Digest | Should -HaveCount 3
        $null = Get-Image | Remove-Image
        (Get-ImageStore).Bytes | Should -Be 0
    }

    It 'is refused by a Docker Engine with a clear error (CP3)' -Skip:($PSVersionTable.PSEdition -ne 'Core') {
        { Copy-Image "$address/team/app:1" docker -IncludeReferrers -ErrorAction Stop } | Should -Throw
    }
}

Describe 'With a registry that does not list referrers' {
    BeforeDiscovery {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        $missing = Get-MissingPart docker-registry
    }

    It 'reads and writes the fallback tag (RF3, RF6, PU20, CP3)' -Skip:([bool]$missing) {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        $real = Start-RealRegistry $TestDrive
        try {
            $null = Copy-Image "$address/team/app:1" "$($real.Host)/team/app:1" -Store "registry://$address" -IncludeReferrers
            $found = Get-ImageReferrer "$($real.Host)/team/app:1" -Recurse
            $found.Digest | Sort-Object | Should -Be ($sbom.digest, $signature.digest, $cosign.digest | Sort-Object)
            ($found | Where-Object Digest -EQ $sbom.digest).Source | Should -Be FallbackTag

            # What another tool attaches there is found and carried too.
            $base = Add-TestImage $registry team/base:1 @{ layers = @(@{ seed = 7; size = 700 }) }
            $null = Copy-Image "$address/team/base:1" "$($real.Host)/team/base:1" -Store "registry://$address"
            $other = Add-TestReferrer $real.Host team/base -Subject $base.digest -ArtifactType application/vnd.example.signature -List
            (Get-ImageReferrer "$($real.Host)/team/base:1").Digest | Should -Be $other.digest
            $null = Copy-Image "$($real.Host)/team/base:1" "$address/back/base:1" -Store "registry://$($real.Host)" -IncludeReferrers
            "$((Get-ImageReferrer "$address/back/base:1").Source)" | Should -Be Api
        } finally {
            Stop-RealPart $real
        }
    }
}
