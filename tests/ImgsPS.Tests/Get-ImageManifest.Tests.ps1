BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $image = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }, @{ seed = 2; size = 700 }) }
    $index = Add-TestIndex $registry 'team/multi:1' @{ architecture = 'amd64' }, @{ architecture = 'arm64'; variant = 'v8' },
        @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.2322' }
    $store = New-TestStore
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Get-ImageManifest' {
    BeforeEach {
        Reset-TestRegistry $registry
    }

    It 'writes one object a platform from one request' {
        $manifests = Get-ImageManifest "$address/team/multi:1"
        $manifests | Should -BeOfType ImgsPS.ImageManifest
        $manifests.Digest | Should -Be $index.images.digest
        $manifests.IndexDigest | Select-Object -Unique | Should -Be $index.digest
        "$($manifests.Platform)" | Should -BeLike 'linux/amd64 linux/arm64*windows*'
        $manifests[2].OSVersion | Should -Be '10.0.20348.2322'
        $manifests[0].Size | Should -BeGreaterThan 0
        $manifests[0].Reference | Should -Be "$address/team/multi:1"
        Get-TestRequest $registry | Should -Be 'GET /v2/team/multi/manifests/1'
    }

    It 'adds config and layers with -Platform' {
        $manifest = Get-ImageManifest "$address/team/multi:1" -Platform linux/arm64
        $manifest | Should -HaveCount 1
        $manifest.Architecture | Should -Be 'arm64'
        $manifest.ConfigDigest | Should -Be $index.images[1].id
        $manifest.Layers.Digest | Should -Be $index.images[1].layers.digest
        $manifest.ContentSize | Should -Be $index.images[1].contentSize
    }

    It 'shows a manifest without an index' {
        $manifest = Get-ImageManifest "$address/team/app:1"
        $manifest.Digest | Should -Be $image.digest
        $manifest.IndexDigest | Should -BeNullOrEmpty
        $manifest.Layers | Should -HaveCount 2
    }

    It 'writes the exact text with -Raw' {
        $text = Get-ImageManifest "$address/team/multi:1" -Raw
        $text | Should -BeOfType string
        $hash = [System.Security.Cryptography.SHA256]::Create().ComputeHash([System.Text.Encoding]::UTF8.GetBytes($text))
        'sha256:' + (-join $hash.ForEach('ToString', 'x2')) | Should -Be $index.digest
        $one = Get-ImageManifest "$address/team/multi:1" -Raw -Platform linux/amd64
        $hash = [System.Security.Cryptography.SHA256]::Create().ComputeHash([System.Text.Encoding]::UTF8.GetBytes($one))
        'sha256:' + (-join $hash.ForEach('ToString', 'x2')) | Should -Be $index.images[0].digest
    }

    It 'takes <Form> from the pipeline' -ForEach @(
        @{ Form = 'a string'; Value = { "$address/team/app:1" } }
        @{ Form = 'an object with Reference'; Value = { [pscustomobject]@{ Reference = "$address/team/app:1" } } }
        @{ Form = 'a search result'; Value = { [pscustomobject]@{ Name = "$address/team/app:1" } } }
        @{ Form = 'a CSV row'; Value = { 'Reference,Owner', "$address/team/app:1,me" | ConvertFrom-Csv } }
        @{ Form = 'an Image of a store'; Value = { Invoke-ImagePull "$address/team/app:1" } }
        @{ Form = 'a deserialized Image'; Value = { $i = Invoke-ImagePull "$address/team/app:1";
            [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($i)) } }
    ) {
        (& $Value | Get-ImageManifest).Digest | Should -Be $image.digest
    }

    It 'reads the manifests of an index one by one' {
        $details = Get-ImageManifest "$address/team/multi:1" | Where-Object OS -EQ 'linux' | Get-ImageManifest
        $details.ConfigDigest | Should -Be $index.images[0].id, $index.images[1].id
    }

    It 'asks the store and nobody else with -Store' {
        $null = Invoke-ImagePull "$address/team/multi:1" -Platform linux/amd64
        Reset-TestRegistry $registry
        $manifests = Get-ImageManifest "$address/team/multi:1" -Store local
        $manifests.Digest | Should -Be $index.images.digest
        (Get-ImageManifest "$address/team/multi:1" -Store local -Raw) | Should -Not -BeNullOrEmpty
        (Get-Image "$address/team/multi:1" | Get-ImageManifest -Platform linux/amd64).Layers | Should -Not -BeNullOrEmpty
        Get-TestRequest $registry | Should -BeNullOrEmpty
    }

    It 'has an error for each reference that is not there, and goes on' {
        $manifests = Get-ImageManifest "$address/none/such:1", 'team/UPPER', "$address/team/app:1" -ErrorAction SilentlyContinue `
            -ErrorVariable failed
        $manifests.Digest | Should -Be $image.digest
        $failed.FullyQualifiedErrorId |
            Should -Be 'ImageNotFound,ImgsPS.Cmdlets.GetImageManifestCommand', 'InvalidReference,ImgsPS.Cmdlets.GetImageManifestCommand'
        $failed.TargetObject | Should -Be "$address/none/such:1", 'team/UPPER'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'lists the platforms when none fits (U5)' {
        { Get-ImageManifest "$address/team/multi:1" -Platform linux/s390x -ErrorAction Stop } |
            Should -Throw '*no matching manifest for linux/s390x in the manifest list entries*'
    }

    It 'has an error for an image that the store does not have' {
        $null = Get-ImageManifest 'nosuch' -Store local -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.GetImageManifestCommand'
    }

    It 'does not ask Docker Hub for a digest without a repository' {
        $null = Get-ImageManifest $image.digest -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.GetImageManifestCommand'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Store local*'
    }

    It 'refuses a bad platform at once' {
        { Get-ImageManifest "$address/team/app:1" -Platform '%%' } |
            Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageManifestCommand'
    }

    It 'asks about several references side by side, at most -ThrottleLimit at once, and writes in their order' {
        Add-TestFault $registry @{ action = 'delay'; match = '^GET .*/team/multi/manifests/1$'; milliseconds = 500 }
        $given = "$address/team/multi:1", "$address/none/such:1", "$address/team/app:1", "$address/team/multi:1"
        $answers = & { $ErrorActionPreference = 'Continue'; $given | Get-ImageManifest -Raw } 2>&1
        $answers | ForEach-Object { if ($_ -is [string]) { 'text' } else { "$($_.TargetObject)" } } |
            Should -Be 'text', $given[1], 'text', 'text'
        $answers[0] | Should -Be $answers[3]
        $answers[2] | Should -Not -Be $answers[0]

        Reset-TestRegistry $registry
        Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/manifests/'; bytes = -1 }
        $run = Start-TestPipeline "1..6 | ForEach-Object { `"$address/team/app:t`$_`" } | Get-ImageManifest -ThrottleLimit 3"
        try {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            while (@(Get-TestRequest $registry).Count -lt 3 -and $watch.Elapsed.TotalSeconds -lt 60) { Start-Sleep -Milliseconds 20 }
            Start-Sleep -Milliseconds 300
            Get-TestRequest $registry | Sort-Object | Should -Be (1..3 | ForEach-Object { "GET /v2/team/app/manifests/t$_" })
        }
        finally {
            $run.PowerShell.Stop()
            $run.PowerShell.Dispose()
        }
    }

    It 'ends when the pipeline is stopped' {
        Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/manifests/'; bytes = 10 }
        $run = Start-TestPipeline "Get-ImageManifest $address/team/app:1"
        while (-not (Get-TestRequest $registry)) { Start-Sleep -Milliseconds 50 }
        $run.PowerShell.Stop()
        $run.PowerShell.Streams.Error | Should -BeNullOrEmpty
        $run.PowerShell.Dispose()
    }
}
