# A registry as a store (issue 14, TG1 to TG10): what the screen and the pipeline get, over the test registry, and counted over Debian's.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, skopeo
    if ($missing) {
        Write-Warning "Tests with a real registry are skipped; this machine has no $missing."
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $folder = (New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-$([guid]::NewGuid().ToString('N'))")).FullName
    $data = @{ XDG_DATA_HOME = $env:XDG_DATA_HOME; LOCALAPPDATA = $env:LOCALAPPDATA }
    $env:XDG_DATA_HOME = $folder
    if ($env:LOCALAPPDATA) { $env:LOCALAPPDATA = $folder }
}

AfterAll {
    foreach ($name in $data.Keys) { Set-Item "env:$name" $data[$name] }
    Remove-Item -LiteralPath $folder -Recurse -Force
}

Describe 'A registry as a store' {
    BeforeAll {
        $registry = Start-TestRegistry
        $address = $registry.Host
        $store = "registry://$address"
        $seed = 0
        foreach ($name in 'team/app:v1.0', 'team/app:v1.1', 'team/app:v2.0', 'team/tool:v1.0', 'ops/web:1') {
            $null = Add-TestImage $registry $name @{ layers = @(@{ seed = 900 + ++$seed; size = 100 }); labels = @{ env = "e$seed" } }
        }
    }

    AfterAll {
        Stop-TestRegistry $registry
    }

    It 'lists images as objects like those of any store' {
        $images = Get-Image -Store $store
        $images | Should -HaveCount 5
        $images | Should -BeOfType ImgsPS.Image
        $image = $images | Where-Object Tag -eq v1.0 | Where-Object Repository -eq "$address/team/app"
        $image.Reference | Should -Be "$address/team/app:v1.0"
        $image.Store | Should -Be $store
        $image.Labels['env'] | Should -Be e1
        $image.Size | Should -BeGreaterThan 100
        $image.ManifestDigest | Should -Be $image.Digest
        "$image" | Should -Be $image.Reference
    }

    It 'reads names and wildcards relative to the store, and in full' -ForEach @(
        @{ Prefix = ''; Image = 'team/*:v1.*'; Expected = 'team/app:v1.0', 'team/app:v1.1', 'team/tool:v1.0' }
        @{ Prefix = '/team'; Image = 'app:v1.[1-9]'; Expected = @('team/app:v1.1') }
        @{ Prefix = '/team'; Image = 'TOOL'; Expected = @('team/tool:v1.0'); Wildcard = $true }
        @{ Prefix = '/team'; Image = 'app'; Expected = 'team/app:v1.0', 'team/app:v1.1', 'team/app:v2.0' }
        @{ Prefix = ''; Image = 'HOST/ops/web:1'; Expected = @('ops/web:1') }
        @{ Prefix = ''; Image = 'HOST/t*'; Expected = 'team/app:v1.0', 'team/app:v1.1', 'team/app:v2.0', 'team/tool:v1.0' }
    ) {
        $text = $Image.Replace('HOST', $address) + $(if ($_['Wildcard']) { '*' })
        (Get-Image $text -Store "$store$Prefix").Reference | Sort-Object | Should -Be @($Expected | ForEach-Object { "$address/$_" })
    }

    It 'writes names alone as text, and asks for lists of tags alone' {
        $names = Get-Image -Store $store/team -Image '*:v1.0' -NameOnly
        $names | Should -BeOfType string
        $names | Should -Be "$address/team/app:v1.0", "$address/team/tool:v1.0"
    }

    It 'writes the names of other stores too, and no empty ones' {
        $local = "$folder/names"
        $null = Invoke-ImagePull "$address/team/app:v1.0", "$address/ops/web:1" -Store $local
        Get-Image -Store $local -NameOnly | Sort-Object | Should -Be "$address/ops/web:1", "$address/team/app:v1.0"
        Get-Image *web* -Store $local -NameOnly | Should -Be "$address/ops/web:1"
    }

    It 'says what is not there, for each name, and lists the rest' {
        $images = Get-Image nosuch:1, team/app:v9, ops/web:1, 'zz*', reg.example.com/x:1 -Store $store -ErrorVariable failures -ErrorAction SilentlyContinue
        $images.Reference | Should -Be "$address/ops/web:1"
        $failures.FullyQualifiedErrorId | Should -Be (@('ImageNotFound,ImgsPS.Cmdlets.GetImageCommand') * 3)
        "$failures" | Should -BeLike '*names the registry reg.example.com*'
    }

    It 'pipes to the commands that look into images, and to a pull' {
        (Get-Image team/app:v1.0 -Store $store | Get-ImageConfig).Labels['env'] | Should -Be e1
        (Get-Image team/app:v1.0 -Store $store | Get-ImageLayer).Reference | Should -Be "$address/team/app:v1.0"
        Get-Image team/app:v1.0 -Store $store | Get-ImageHistory | Should -Not -BeNullOrEmpty
        (Get-Image team/app:v1.0 -Store $store | Get-ImageManifest).Reference | Should -Be "$address/team/app:v1.0"
        (Get-Image 'team/app:v1*' -Store $store | Invoke-ImagePull -Store "$folder/pulled").Tag | Sort-Object | Should -Be v1.0, v1.1
    }

    It 'looks into images by name and wildcard, and -Remote is the same' {
        (Get-ImageConfig 'app:v1.*' -Store $store/team).Reference | Should -Be "$address/team/app:v1.0", "$address/team/app:v1.1"
        $own = Get-ImageConfig team/app:v1.0 -Store $store
        $remote = Get-ImageConfig "$address/team/app:v1.0" -Remote
        $remote.Id | Should -Be $own.Id
        $remote.Store, $own.Store | Should -Be $store, $store
        (Get-ImageManifest team/app:v1.0 -Store $store).Digest | Should -Be (Get-ImageManifest "$address/team/app:v1.0").Digest
    }

    It 'goes through a CSV file and back' {
        Get-Image team/app:v1.0 -Store $store | Export-Csv "$folder/images.csv"
        $row = Import-Csv "$folder/images.csv"
        $row.Labels | Should -Be 'env=e1'
        ($row | Get-ImageConfig).Id | Should -Be $row.Id
    }

    It 'is listed beside other stores, which the rows tell apart' {
        $null = Invoke-ImagePull "$address/ops/web:1" -Store "$folder/beside"
        $images = Get-Image '*web*' -Store "$folder/beside", $store
        $images.Store | Should -Be "$folder/beside", $store
        $images[1].PSTypeNames[0] | Should -Be 'ImgsPS.Image#Stores'
    }

    It 'refuses clearly what it does not do, and asks nobody' -ForEach @(
        @{ Name = 'Add-ImageTag'; Line = { Add-ImageTag ops/web:1 ops/web:2 -Store $store -ErrorAction Stop } }
        @{ Name = 'Test-ImageStore'; Line = { Test-ImageStore $store -ErrorAction Stop } }
        @{ Name = 'Repair-ImageStore'; Line = { Repair-ImageStore $store -ErrorAction Stop } }
        @{ Name = 'Optimize-ImageStore'; Line = { Optimize-ImageStore $store -ErrorAction Stop } }
        @{ Name = 'Invoke-ImagePull'; Line = { Invoke-ImagePull ops/web:1 -Store $store -ErrorAction Stop } }
    ) {
        $failure = $Line | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'NotSupported,*'
        "$failure" | Should -BeLike "*The store '$store' is a registry*"
    }

    It 'tells what is cheap to know' {
        $info = Get-ImageStore $store
        $info.Kind, $info.Repositories, $info.Address | Should -Be registry, 3, "http://$address"
        $info.Images | Should -BeNullOrEmpty
    }

    It 'is searched below its prefix' {
        (Find-Image o -Store $store/team -WarningAction SilentlyContinue).Name | Should -Be "$address/team/tool"
    }

    It 'refuses an address with a password and does not show it (RC4)' {
        $failure = { Get-Image -Store registry://ann:s3cr3t@host:1/x -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        "$failure $($failure.TargetObject) $($failure.ErrorDetails)" | Should -Not -BeLike '*s3cr3t*'
    }

    It 'writes nothing with -WhatIf in force (SF4)' {
        $before = @(Get-ChildItem -LiteralPath $folder -Recurse -File).Count
        $null = Add-TestImage $registry 'fresh/app:1' @{ layers = @(@{ seed = 977; size = 100 }) }
        & { $WhatIfPreference = $true; Get-Image -Store $store } | Should -HaveCount 6
        @(Get-ChildItem -LiteralPath $folder -Recurse -File).Count | Should -Be $before
    }

    It 'is completed: the store by its name, and the tags of a repository in it' {
        (TabExpansion2 'Get-Image -Store reg' 20).CompletionMatches.CompletionText | Should -Contain $store
        (TabExpansion2 "Get-Image -Store $store team/app:v1" ("Get-Image -Store $store team/app:v1").Length).CompletionMatches.CompletionText |
            Should -Be team/app:v1.0, team/app:v1.1
    }

    It 'ends with one error that says to name the repositories when there is no list of them' {
        $null = Invoke-TestRegistry $registry options @{ catalog = $false }
        try {
            $failure = { Get-Image -Store $store -ErrorAction Stop } | Should -Throw -PassThru
            $failure.FullyQualifiedErrorId | Should -Be 'NotSupported,ImgsPS.Cmdlets.GetImageCommand'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike 'Name the repositories:*'
            Get-Image 'team/app:v1.*' -Store $store | Should -HaveCount 2
        }
        finally {
            $null = Invoke-TestRegistry $registry options @{ catalog = $true }
        }
    }
}

Describe 'A docker-registry with 500 tags in 20 repositories' -Skip:([bool]$missing) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        $log = "$folder/access"
        $real = Start-RealRegistry $folder -AccessLog
        $store = "registry://$($real.Host)"

        # One image, copied by skopeo; the tags are PUTs of its manifest with a change each.
        $seedRegistry = Start-TestRegistry
        $null = Add-TestImage $seedRegistry 'seed/app:1' @{ layers = @(@{ seed = 990; size = 100 }) }
        foreach ($r in 0..19) {
            $name = "team$($r % 4)/app$r"
            Invoke-Native skopeo copy --src-tls-verify=false --dest-tls-verify=false "docker://$($seedRegistry.Host)/seed/app:1" "docker://$($real.Host)/${name}:t0"
            $manifest = Get-ImageManifest "$($real.Host)/${name}:t0" -Raw
            $type = ($manifest | ConvertFrom-Json).mediaType
            foreach ($t in 1..24) {
                $body = $manifest.TrimEnd('}', ' ', "`n") + ",`"annotations`":{`"n`":`"$r.$t`"}}"
                $null = Invoke-WebRequest -Method Put "http://$($real.Host)/v2/$name/manifests/t$t" -Body $body -ContentType $type
            }
        }

        Stop-TestRegistry $seedRegistry
        function Get-Asked {
            # The requests since the last call, by kind.
            $lines = @([System.IO.File]::ReadAllLines("$folder/registry.log.out") | Select-Object -Skip $script:seen)
            $script:seen += $lines.Count
            [pscustomobject]@{
                Catalog = @($lines -match '"GET /v2/_catalog').Count
                Lists = @($lines -match '"GET /v2/\S+/tags/list').Count
                Heads = @($lines -match '"HEAD /v2/\S+/manifests/').Count
                Manifests = @($lines -match '"GET /v2/\S+/manifests/').Count
                Blobs = @($lines -match '"GET /v2/\S+/blobs/').Count
            }
        }

        $script:seen = 0
        $null = Get-Asked
    }

    AfterAll {
        Stop-RealPart $real
    }

    It 'costs 20 lists and 500 HEADs, two GETs a digest that was not seen before, and no GET the second time' {
        Get-Image -Store $store | Should -HaveCount 500
        $asked = Get-Asked
        "$($asked.Catalog) $($asked.Lists) $($asked.Heads)" | Should -Be '1 20 500'
        # t0 is one digest in all repositories; all have one config.
        "$($asked.Manifests) $($asked.Blobs)" | Should -Be '481 1'

        Get-Image -Store $store | Should -HaveCount 500
        $asked = Get-Asked
        "$($asked.Catalog) $($asked.Lists) $($asked.Heads) $($asked.Manifests) $($asked.Blobs)" | Should -Be '1 20 500 0 0'
    }

    It 'costs lists of tags alone for -NameOnly, and for a wildcard what it takes' {
        Get-Image -Store $store -NameOnly | Should -HaveCount 500
        $asked = Get-Asked
        "$($asked.Catalog) $($asked.Lists) $($asked.Heads)" | Should -Be '1 20 0'
        Get-Image 'team1/*:t2?' -Store $store | Should -HaveCount 25
        $asked = Get-Asked
        "$($asked.Catalog) $($asked.Lists) $($asked.Heads)" | Should -Be '1 5 25'
        Get-Image 'team1/app1:t2?' -Store $store | Should -HaveCount 5
        $asked = Get-Asked
        "$($asked.Catalog) $($asked.Lists) $($asked.Heads)" | Should -Be '0 1 5'
    }
}
