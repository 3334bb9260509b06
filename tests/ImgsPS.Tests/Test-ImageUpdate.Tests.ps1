BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $second = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    function Add-Layer([string] $Name, [int] $Seed, [hashtable] $More = @{}, $Where = $registry) {
        Add-TestImage $Where $Name ($More + @{ layers = @(@{ seed = $Seed; size = 700 }) })
    }

    # One image for each state: what is here, and what the registry has by then.
    $base = Add-Layer web/base:1 1
    $said = 'org.opencontainers.image.base'
    $labels = @{ labels = @{ "$said.name" = "$address/web/base:1"; "$said.digest" = $base.digest } }
    $null = Add-Layer web/current:1 2
    $null = Add-Layer web/moved:1 3
    $null = Add-Layer web/app:1.27-alpine 4
    $null = Add-Layer web/built:1 5 $labels
    $null = Add-Layer web/gone:1 6
    $null = Add-Layer web/secret:1 7
    $null = Add-TestIndex $registry web/multi:1 @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
    $null = Add-Layer other:1 8 -Where $second
    $names = 'current:1', 'moved:1', 'app:1.27-alpine', 'built:1', 'gone:1', 'secret:1', 'multi:1'
    $null = Invoke-ImagePull (@($names | ForEach-Object { "$address/web/$_" }; "$($second.Host)/other:1")) -Platform linux/amd64

    $null = Add-Layer web/moved:1 13
    $null = Add-Layer web/app:1.29-alpine 14
    $null = Add-Layer web/app:1.30 15
    $null = Add-Layer web/base:1 11
    $null = Add-TestIndex $registry web/multi:1 @(@{ architecture = 'amd64' }, @{ architecture = 'arm64'; author = 'somebody' })
    $gone = (Get-ImageManifest "$address/web/gone:1").Digest
    $null = Invoke-RestMethod "http://$address/v2/web/gone/manifests/$gone" -Method Delete
    $refused = @{ action = 'status'; match = 'web/secret/'; status = 403 }
    function Get-State($Updates) {
        (@($Updates) | ForEach-Object { '{0} {1}' -f ("$_" -replace '^.*/'), $_.Status } | Sort-Object) -join ', '
    }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
    Stop-TestRegistry $second
}

Describe 'Test-ImageUpdate' {
    BeforeEach {
        Reset-TestRegistry $registry
        Add-TestFault $registry $refused
    }

    It 'tells all states apart, over two registries, and pulls nothing (UP1, UP2, UP4, UP5, UP6)' {
        $before = Get-Image | ForEach-Object { "$_ $($_.Digest)" }
        $updates = Get-Image | Test-ImageUpdate -Tags -ErrorVariable failed -ErrorAction SilentlyContinue
        $updates | Should -BeOfType ImgsPS.ImageUpdate
        Get-State $updates | Should -BeExactly ('app:1.27-alpine NewTag, built:1 BaseChanged, current:1 Current, gone:1 Gone, ' +
            'moved:1 NewDigest, multi:1 Current, other:1 Current, secret:1 Unknown')
        Get-Image | ForEach-Object { "$_ $($_.Digest)" } | Should -Be $before
        "$($updates)" | Should -Be "$(Get-Image)" -Because 'the answers come in the order of the images'

        $of = @{}
        $updates | ForEach-Object { $of["$_" -replace '^.*/'] = $_ }
        $of['multi:1'].IndexChanged | Should -BeTrue
        $of['app:1.27-alpine'].NewReference | Should -Be "$address/web/app:1.29-alpine"
        $of['built:1'].BaseName | Should -Be "$address/web/base:1"
        $of['moved:1'].RegistryDigest | Should -Be (Get-ImageManifest "$address/web/moved:1").Digest
        $of['secret:1'].Error | Should -Be Denied
        $of['secret:1'].Reason | Should -BeLike '*denied*'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'AccessDenied,ImgsPS.Cmdlets.TestImageUpdateCommand'
        $failed[0].TargetObject | Should -Be "$address/web/secret:1"
    }

    It 'asks one HEAD for a tag, whatever leads to it (UP1)' {
        $image = Get-Image "$address/web/current:1"
        Get-State ($image, $image, "$image", $image | ForEach-Object { $_ } | Test-ImageUpdate) |
            Should -Be (@('current:1 Current') * 4 -join ', ')
        Get-TestRequest $registry | Where-Object { $_ -notlike '*/v2/' } | Should -Be 'HEAD /v2/web/current/manifests/1'
    }

    It 'takes <Form>' -TestCases @(
        @{ Form = 'a name'; Value = { "$address/web/moved:1" } }
        @{ Form = 'an image'; Value = { Get-Image "$address/web/moved:1" } }
        @{ Form = 'an image of a job'; Value = {
                [System.Management.Automation.PSSerializer]::Deserialize(
                    [System.Management.Automation.PSSerializer]::Serialize((Get-Image "$address/web/moved:1"))) } }
        @{ Form = 'a row of a file'; Value = { Get-Image "$address/web/moved:1" | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ Form = 'an object of its own'; Value = { Test-ImageUpdate "$address/web/moved:1" } }
        @{ Form = 'an object with a reference and a digest'; Value = {
                [pscustomobject]@{ Reference = "$address/web/moved:1"; Digest = "sha256:$('a' * 64)" } } }
        @{ Form = 'a name with a digest that is in no store'; Value = { "$address/web/moved:1@sha256:$('a' * 64)" } }
    ) {
        $update = & $Value | Test-ImageUpdate
        $update.Status | Should -Be NewDigest
        "$update" | Should -BeLike "$address/web/moved:1*"
    }

    It 'takes a tag of a registry, which is current' {
        (Get-ImageTag "$address/web/moved" | Test-ImageUpdate).Status | Should -Be Current
        (Get-ImageTag "$address/web/moved" -Detailed | Test-ImageUpdate).Status | Should -Be Current
        (Test-ImageUpdate web/app:1.27-alpine -Tags -Store "registry://$address").NewTag | Should -Be 1.29-alpine
    }

    It 'tells all states apart of images that a registry listed before' {
        $was = @{ "$said.name" = "$address/listed/base:1"; "$said.digest" = (Add-Layer listed/base:1 21).digest }
        1..4 | ForEach-Object { $null = Add-Layer "listed/$('current', 'moved', 'app', 'gone' | Select-Object -Index ($_ - 1)):1" (30 + $_) }
        $null = Add-Layer listed/built:1 35 @{ labels = $was }
        $null = Add-Layer listed/secret:1 36
        $listed = Get-Image -Store "registry://$address/listed"
        $null = Add-Layer listed/moved:1 43
        $null = Add-Layer listed/app:2 44
        $null = Add-Layer listed/base:1 45
        Remove-Image gone:1 -Store "registry://$address/listed"
        Add-TestFault $registry @{ action = 'status'; match = 'listed/secret/'; status = 403 }
        $updates = $listed | Test-ImageUpdate -AllowMajor -ErrorAction SilentlyContinue
        Get-State $updates | Should -BeExactly ('app:1 NewTag, base:1 NewDigest, built:1 BaseChanged, current:1 Current, gone:1 Gone, ' +
            'moved:1 NewDigest, secret:1 Unknown')
    }

    It 'does not open the store of a row, and reads labels and containers from it' {
        $row = Get-Image "$address/web/built:1" | Select-Object *
        $row.Store, $row.InUse, $row.UsedBy = 'tcp://127.0.0.1:1', $true, 'web-1;web-2'
        $update = $row | ConvertTo-Csv | ConvertFrom-Csv | Test-ImageUpdate
        "$($update.Status) $($update.InUse) $($update.UsedBy.Count) $($update.UsedBy)" | Should -Be 'BaseChanged True 2 web-1 web-2'
    }

    It 'takes wildcards that were typed, and none from the pipeline' {
        Get-State (Test-ImageUpdate "$address/web/m*:1") | Should -Be 'moved:1 NewDigest, multi:1 Current'
        Get-State (Test-ImageUpdate "$address/web/moved") | Should -Be 'moved:1 NewDigest'
        Test-ImageUpdate nosuch* | Should -BeNullOrEmpty
        "$address/web/m*:1" | Test-ImageUpdate -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
    }

    It 'is an error for <What>, and goes on' -TestCases @(
        @{ What = 'an image that is not there'; Name = 'nosuch:1'; Id = 'ImageNotFound' }
        @{ What = 'no name'; Name = 'No Name'; Id = 'InvalidReference' }
    ) {
        $updates = Test-ImageUpdate $Name, "$address/web/current:1" -ErrorVariable failed -ErrorAction SilentlyContinue
        Get-State $updates | Should -Be 'current:1 Current'
        "$($failed.FullyQualifiedErrorId)" | Should -Be "$Id,ImgsPS.Cmdlets.TestImageUpdateCommand"
    }

    It 'compares layers with a base that is named (UP6)' {
        (Test-ImageUpdate "$address/web/current:1" -Base "$address/web/current:1").Status | Should -Be Current
        (Test-ImageUpdate "$address/web/multi:1" -Base "$address/web/base:1").Status | Should -Be BaseChanged
        { Test-ImageUpdate "$address/web/current:1" -Base 'No Name' } | Should -Throw -ErrorId 'InvalidReference,*'
    }

    It 'ends a registry that has had too many requests, with one error and the time, and goes on with others (UP8)' {
        Add-TestFault $registry @{ action = 'status'; match = 'manifests/'; status = 429; headers = @{ 'Retry-After' = '3600' } }
        try {
            $updates = Get-Image | Test-ImageUpdate -ErrorVariable failed -ErrorAction SilentlyContinue
            @($updates | Where-Object Status -EQ Unknown) | Should -HaveCount 7
            @($updates | Where-Object Error -EQ RateLimited | Where-Object RetryAt -GT ([datetime]::UtcNow.AddMinutes(50))) |
                Should -Not -BeNullOrEmpty
            Get-State ($updates | Where-Object Status -NE Unknown) | Should -Be 'other:1 Current'
            @($failed | Where-Object FullyQualifiedErrorId -Like 'RateLimited,*') | Should -HaveCount 1
        }
        finally {
            # Other tests ask this registry too.
            Reset-TestRegistry $registry
            $left = @{ 'ratelimit-limit' = '100'; 'ratelimit-remaining' = '99' }
            Add-TestFault $registry @{ action = 'headers'; match = ''; headers = $left }
            $null = Get-ImageManifest "$address/web/current:1"
        }
    }

    It 'shows what is new, and a file is readable' {
        $updates = Get-Image | Test-ImageUpdate -Tags -ErrorAction SilentlyContinue
        $text = $updates | Out-String -Width 120
        $text | Should -BeLike '*Status*Reference*New*UsedBy*'
        $text | Should -Match "(?m)^NewDigest +\S+/web/moved:1 +[0-9a-f]{12}\s*$"
        $text | Should -Match '(?m)^NewTag +\S+/web/app:1\.27-alpine +1\.29-alpine\s*$'
        $text | Should -Match '(?m)^BaseChanged +\S+/web/built:1 +\S+'
        $row = $updates | ConvertTo-Csv | ConvertFrom-Csv | Where-Object Status -EQ Unknown
        "$($row.Error) $($row.Evidence)" | Should -Be 'Denied None'
    }

    It 'pipes what is new into a pull' {
        $folder = New-TestStore
        $pulled = Get-Image "$address/web/*" -Store $store | Test-ImageUpdate -ErrorAction SilentlyContinue |
            Where-Object Status -EQ NewDigest | Invoke-ImagePull -Store $folder
        $pulled.Reference | Should -Be "$address/web/moved:1"
        $pulled.Digest | Should -Be (Get-ImageManifest "$address/web/moved:1").Digest
        Remove-TestStore $folder
        $env:IMGSPS_STORE = $store
    }

    It 'completes the images of the store' {
        $line = "Test-ImageUpdate $address/web/mo"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be "$address/web/moved:1"
    }
}
