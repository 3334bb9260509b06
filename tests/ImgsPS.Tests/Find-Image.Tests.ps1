BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    foreach ($name in 'team/app', 'team/tool', 'other/app') { $null = Add-TestImage $registry "${name}:1" }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Find-Image' {
    BeforeAll {
        # The engine warns when it reads the list of repositories instead of a search.
        $WarningPreference = 'SilentlyContinue'
    }

    AfterEach {
        $null = Invoke-TestRegistry $registry options @{ search = $false; catalog = $true }
    }

    It 'lists the repositories of a registry that has no search (S7)' {
        $found = Find-Image app -Registry $address -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*no search*'
        $found | Should -BeOfType ImgsPS.ImageSearchResult
        $found.Name | Sort-Object | Should -Be "$address/other/app", "$address/team/app"
        "$($found[0])" | Should -Be $found[0].Name
    }

    It 'takes the registry from the term (S4)' {
        (Find-Image "$address/tool").Name | Should -Be "$address/team/tool"
    }

    It 'takes terms from the pipeline' {
        @('tool', 'nosuch', 'app' | Find-Image -Registry $address) | Should -HaveCount 3
    }

    It 'asks the search where there is one, and keeps what the switches ask for (S1, S3)' {
        $null = Invoke-TestRegistry $registry options @{ search = $true }
        $null = Invoke-TestRegistry $registry search @{ name = 'web/one'; description = 'first'; stars = 3; official = $true }
        $null = Invoke-TestRegistry $registry search @{ name = 'web/two'; description = 'second'; stars = 30; official = $false }
        $found = Find-Image web -Registry $address
        $found | Should -HaveCount 2
        $found.Stars | Sort-Object | Should -Be 3, 30
        @(Find-Image web -Registry $address -Official).Stars | Should -Be 3
        @(Find-Image web -Registry $address -MinimumStars 10).Description | Should -Be 'second'
        @(Find-Image web -Registry $address -Limit 1) | Should -HaveCount 1
    }

    It 'refuses limit <Limit> in docker''s words (S1)' -ForEach @{ Limit = 0 }, @{ Limit = 101 }, @{ Limit = -1 } {
        { Find-Image x -Registry $address -Limit $Limit } | Should -Throw "*limit $Limit is outside the range of ?1, 100?*"
    }

    It 'refuses an address as the term (S1)' {
        $null = Find-Image 'http://x' -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.FindImageCommand'
        $failed[0].TargetObject | Should -Be 'http://x'
    }

    It 'says plainly that a registry does not list its repositories (S7)' {
        $null = Invoke-TestRegistry $registry options @{ catalog = $false }
        $null = Find-Image app -Registry $address -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'NotSupported,ImgsPS.Cmdlets.FindImageCommand'
        "$($failed[0])" | Should -BeLike '*does not list its repositories*'
    }

    It 'pulls what it found' {
        $store = New-TestStore
        try {
            $null = Add-TestImage $registry 'team/tool:latest'
            (Find-Image tool -Registry $address | Invoke-ImagePull).Reference | Should -Be "$address/team/tool:latest"
        }
        finally {
            Remove-TestStore $store
        }
    }
}
