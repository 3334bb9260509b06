BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $seed = 0
    foreach ($tags in 'latest 1.27 1.27.1', '1.27.0', '1.26.1', '1.9.9', '1.27.0-alpine', '1.26.1-alpine', '1.25.0-alpine',
        '1.28.0-rc.1', 'edge', 'abc1234') {
        $seed++
        $tags -split ' ' | ForEach-Object { $null = Add-TestImage $registry "web/nginx:$_" @{ layers = @(@{ seed = $seed; size = 700 }) } }
    }
    $null = Add-TestImage $registry web/tool:3 @{ layers = @(@{ seed = 50; size = 700 }) }
    $nginx = "$address/web/nginx"
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Get-ImageTag' {
    BeforeEach { Reset-TestRegistry $registry }

    It 'lists the newest version first, then words, then commits, for one request (TG2, TG4)' {
        $tags = Get-ImageTag $nginx
        $tags | Should -BeOfType ImgsPS.ImageTag
        "$($tags.Tag)" | Should -BeExactly ('1.28.0-rc.1 1.27.1 1.27.0 1.27.0-alpine 1.27 1.26.1 1.26.1-alpine ' +
            '1.25.0-alpine 1.9.9 edge latest abc1234')
        @(Get-TestRequest $registry | Where-Object { $_ -notmatch ' /v2/$' }) | Should -HaveCount 1
        "$($tags[3])" | Should -Be "${nginx}:1.27.0-alpine"
        $tags[3].Repository | Should -Be $nginx
        "$($tags[3].Version)" | Should -Be 1.27.0
        $tags[3].Variant | Should -Be alpine
        $tags[0].IsPrerelease | Should -BeTrue
        $tags[10].Version | Should -BeNullOrEmpty
        @($tags | Where-Object { $_.Digest -or $_.SameAs -or $_.MediaType }) | Should -BeNullOrEmpty
        $tags[0].Store | Should -Be "registry://$address"
    }

    It 'says which version latest is, by one HEAD a tag (TG8)' {
        $tags = Get-ImageTag $nginx -Detailed
        $latest = $tags | Where-Object Tag -EQ latest
        "$($latest.SameAs)" | Should -Be '1.27.1 1.27'
        $latest.Digest | Should -Match '^sha256:[0-9a-f]{64}$'
        @(Get-TestRequest $registry | Where-Object { $_ -like 'HEAD *' }) | Should -HaveCount 12
        # Which tags are behind latest?
        $behind = $tags | Where-Object { $_.Version -and $_.Digest -ne $latest.Digest -and -not $_.Variant -and -not $_.IsPrerelease }
        "$($behind.Tag)" | Should -Be '1.27.0 1.26.1 1.9.9'
    }

    It 'lists the newest of each variant (TG7)' {
        "$((Get-ImageTag $nginx -Newest 2 -GroupByVariant -Range '*').Tag)" |
            Should -Be '1.27.1 1.27.0 1.27.0-alpine 1.26.1-alpine'
        "$((Get-ImageTag $nginx -Newest 2).Tag)" | Should -Be '1.28.0-rc.1 1.27.1'
        "$((Get-ImageTag $nginx -Newest 2 -Range '*' -Detailed).Tag)" | Should -Be '1.27.1 1.27.0 1.27'
    }

    It 'takes the range <Range> (TG6)' -TestCases @(
        @{ Range = '>=1.26 <1.27'; Expected = '1.26.1 1.26.1-alpine' }
        @{ Range = '^1.27-alpine'; Expected = '1.27.0-alpine' }
        @{ Range = '1.9 || >=1.28.0-rc.0'; Expected = '1.28.0-rc.1 1.9.9' }
        @{ Range = '~1.25'; Expected = '1.25.0-alpine' }
    ) {
        "$((Get-ImageTag $nginx -Range $Range).Tag)" | Should -Be $Expected
    }

    It 'sorts by Version as it lists, here and behind a job (TG2)' {
        $tags = Get-ImageTag $nginx -Range '>=0'
        "$(($tags | Sort-Object { Get-Random } | Sort-Object Version -Descending).Tag)" | Should -Be "$($tags.Tag)"
        $tags[0].Version -gt $tags[-1].Version | Should -BeTrue
        $copy = [System.Management.Automation.PSSerializer]::Deserialize(
            [System.Management.Automation.PSSerializer]::Serialize($tags[2], 3))
        "$($copy.Version) $($copy.Variant)" | Should -Be '1.27.0 alpine'
    }

    It 'takes <Form>' -TestCases @(
        @{ Form = 'text by the pipeline'; Value = { $nginx } }
        @{ Form = 'an image'; Value = { Get-Image web/nginx:latest -Store "registry://$address" } }
        @{ Form = 'what Find-Image finds'; Value = { Find-Image "$address/nginx" -WarningAction Ignore } }
        @{ Form = 'a tag'; Value = { Get-ImageTag $nginx -Newest 1 } }
        @{ Form = 'a manifest'; Value = { Get-ImageManifest "${nginx}:1.27" } }
        @{ Form = 'a row of a CSV file'; Value = { Get-ImageTag $nginx -Newest 1 | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ Form = 'an object with a property Repository'; Value = { [pscustomobject]@{ Repository = $nginx } } }
        @{ Form = 'an object with a property Reference'; Value = { [pscustomobject]@{ Reference = "${nginx}:1.9.9" } } }
    ) {
        "$((& $Value | Get-ImageTag -Newest 1).Reference)" | Should -Be "${nginx}:1.28.0-rc.1"
    }

    It 'lists a repository once, whatever leads to it' {
        @($nginx, "$address/web/*", $nginx, [pscustomobject]@{ Name = $nginx } | ForEach-Object { $_ } | Get-ImageTag -ErrorAction Ignore) |
            Should -HaveCount 12
        @(Get-ImageTag $nginx, "$address/web/*", $nginx) | Should -HaveCount 13
    }

    It 'takes wildcards that were typed, and none from the pipeline' {
        "$((Get-ImageTag "$address/web/*" -Newest 1).Reference)" | Should -Be "${nginx}:1.28.0-rc.1 $address/web/tool:3"
        "$((Get-ImageTag 'web/t*' -Store "registry://$address").Tag)" | Should -Be 3
        "$((Get-ImageTag '*' -Store "registry://$address/web" -Newest 1).Tag)" | Should -Be '1.28.0-rc.1 3'
        Get-ImageTag "$address/nosuch*" | Should -BeNullOrEmpty
        "$address/web/*" | Get-ImageTag -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
    }

    It 'pipes into other cmdlets' {
        $pulled = Get-ImageTag $nginx -Newest 1 -Range '*' | Invoke-ImagePull
        $pulled.Reference | Should -Be "${nginx}:1.27.1"
        $pulled.Store | Should -Be local
        (Get-ImageTag $nginx -Newest 1 | Get-Image).Tag | Should -Be 1.28.0-rc.1
        $null = $pulled | Remove-Image
    }

    It 'lists the tags of the local store and of a folder without a request (TG8)' {
        $null = Invoke-ImagePull "${nginx}:latest", "${nginx}:1.27", "${nginx}:1.9.9"
        Reset-TestRegistry $registry
        foreach ($place in 'local', $store) {
            $tags = Get-ImageTag $nginx -Store $place -Detailed
            "$($tags.Tag)" | Should -Be '1.27 1.9.9 latest'
            "$($tags[0].SameAs)" | Should -Be latest
            $tags[0].Digest | Should -Be (Get-Image "${nginx}:latest").Digest
        }
        Get-ImageTag "$address/*/tool" -Store local | Should -BeNullOrEmpty
        Get-TestRequest $registry | Should -BeNullOrEmpty
        "$((Get-Image "${nginx}:1.9.9" | Get-ImageTag -Range '1.27').Tag)" | Should -Be '1.27.1 1.27.0 1.27.0-alpine 1.27'
        $null = Get-Image | Remove-Image
    }

    It 'is an error for <What>, and goes on' -TestCases @(
        @{ What = 'no such repository'; Name = { "$address/web/nosuch" }; Id = 'ImageNotFound' }
        @{ What = 'an image'; Name = { "${nginx}:1.27" }; Id = 'InvalidReference' }
        @{ What = 'a digest'; Name = { "$nginx@sha256:$('a' * 64)" }; Id = 'InvalidReference' }
        @{ What = 'a wildcard over tags'; Name = { "${nginx}:1.*" }; Id = 'InvalidReference' }
        @{ What = 'no name'; Name = { 'No Name' }; Id = 'InvalidReference' }
    ) {
        $bad = & $Name
        $tags = Get-ImageTag $bad, "$address/web/tool" -ErrorVariable failed -ErrorAction SilentlyContinue
        "$($tags.Tag)" | Should -Be 3
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "$Id,ImgsPS.Cmdlets.GetImageTagCommand"
        $failed[0].TargetObject | Should -Be $bad
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'refuses <Value> before it asks anybody' -TestCases @(
        @{ Value = @{ Range = 'foo' } }
        @{ Value = @{ Range = '>=' } }
        @{ Value = @{ Range = '' } }
        @{ Value = @{ Newest = 0 } }
    ) {
        { Get-ImageTag $nginx @Value } | Should -Throw
        Get-TestRequest $registry | Should -BeNullOrEmpty
        Get-Item $PSScriptRoot | Get-ImageTag -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed | Should -HaveCount 1
    }

    It 'ends with the time when the registry has had too many requests, and lists what it knows (UP8)' {
        Add-TestFault $registry @{ action = 'status'; match = '^HEAD '; status = 429; skip = 3; headers = @{ 'Retry-After' = '3600' } }
        $tags = Get-ImageTag $nginx -Detailed -ErrorVariable failed -ErrorAction SilentlyContinue
        $tags | Should -HaveCount 12
        @($tags | Where-Object Digest).Count | Should -BeLessOrEqual 3
        $failed | Should -HaveCount 1
        "$failed" | Should -Match '3600 s.*of 12 tags have no digest'
    }

    It 'shows tags, variants, digests and what is the same' {
        $text = Get-ImageTag $nginx -Detailed | Out-String -Width 100
        $text | Should -BeLike "*Repository: $nginx*Tag*Variant*Digest*SameAs*"
        $text | Should -Match '(?m)^latest +[0-9a-f]{12} 1\.27\.1, 1\.27\s*$'
        Get-ImageTag $nginx | Out-String -Width 80 | Should -Match '(?m)^1\.27\.0-alpine +alpine\s*$'
        (Get-ImageTag $nginx -Detailed -Newest 1 -Range '*' | ConvertTo-Csv | ConvertFrom-Csv)[0].SameAs | Should -Be '1.27;latest'
    }

    It 'completes the repositories of the local store' {
        $null = Invoke-ImagePull "${nginx}:1.27"
        $line = "Get-ImageTag $address/we"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be $nginx
        $null = Get-Image | Remove-Image
    }
}

Describe 'Get-ImageTag of docker-registry' -Skip:([bool] $missing) {
    BeforeAll {
        $real = Start-RealRegistry $TestDrive
        $from = @{ Store = "registry://$address" }
        $null = Copy-Image "${nginx}:1.27.1" "$($real.Host)/nginx:1.27.1", "$($real.Host)/nginx:1.27", "$($real.Host)/nginx:latest" @from
        $null = Copy-Image "${nginx}:1.9.9" "$($real.Host)/nginx:1.9.9" @from
        $index = Add-TestIndex $registry web/multi:1 @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
        $null = Copy-Image "$address/web/multi:1" "$($real.Host)/multi:1" @from
    }

    AfterAll { Stop-RealPart $real }

    It 'orders tags and says which version latest is (TG1, TG2, TG8)' {
        $tags = Get-ImageTag "$($real.Host)/nginx" -Detailed
        "$($tags.Tag)" | Should -Be '1.27.1 1.27 1.9.9 latest'
        "$($tags[3].SameAs)" | Should -Be '1.27.1 1.27'
        "$((Get-ImageTag "$($real.Host)/*" -Newest 1).Reference)" | Should -Be "$($real.Host)/multi:1 $($real.Host)/nginx:1.27.1"
    }

    It 'has the digest of an index and not of one platform (TG10)' {
        (Get-ImageTag "$($real.Host)/multi" -Detailed).Digest | Should -Be $index.digest
    }

    It 'lists nothing of a repository that lost its last tag (TG1)' {
        $digest = (Get-ImageTag "$($real.Host)/multi" -Detailed).Digest
        $null = Invoke-WebRequest -Method Delete "http://$($real.Host)/v2/multi/manifests/$digest"
        "$((Get-ImageTag "$($real.Host)/*" -Newest 1 -ErrorAction Stop).Reference)" | Should -Be "$($real.Host)/nginx:1.27.1"
        # docker-registry 2.8 answers with null for its name.
        Get-ImageTag "$($real.Host)/multi" -ErrorAction Stop | Should -BeNullOrEmpty
    }
}
