BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }) }
    $null = Invoke-ImagePull "$address/team/app:1"
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Get-ImageStore' {
    It 'counts images, blobs and bytes' {
        $info = Get-ImageStore
        $info | Should -BeOfType ImgsPS.ImageStoreInfo
        $info.Store | Should -Be 'local'
        $info.Path | Should -Be $store
        $info.Images | Should -Be 1
        $files = Get-ChildItem -Path (Join-Path $store 'blobs') -Recurse -File
        $info.Blobs | Should -Be $files.Count
        $info.Bytes | Should -Be ($files | Measure-Object Length -Sum).Sum
        $info.ReclaimableBytes | Should -Be 0
    }

    It 'tells what the removal of dangling images frees' {
        $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 2; size = 2000 }) }
        $null = Invoke-ImagePull "$address/team/app:1"
        $before = Get-ImageStore
        $before.Dangling | Should -Be 1
        $before.ReclaimableBytes | Should -BeGreaterThan 2000
        $freed = (Get-Image | Where-Object Dangling | Remove-Image -PassThru | Measure-Object BytesFreed -Sum).Sum
        $freed | Should -Be $before.ReclaimableBytes
        (Get-ImageStore).Bytes | Should -Be ($before.Bytes - $freed)
    }

    It 'shows several stores' {
        $other = Join-Path $store 'other'
        $null = Invoke-ImagePull "$address/team/app:1" -Store $other
        (Get-ImageStore local, $other).Path | Should -Be $store, $other
        (@('local', $other) | Get-ImageStore).Path | Should -Be $store, $other
    }

    It 'has an error for what is no store, and goes on' {
        $info = Get-ImageStore 'nodrive:\x', local -ErrorAction SilentlyContinue -ErrorVariable failed
        $info.Store | Should -Be 'local'
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.GetImageStoreCommand'
        $failed[0].TargetObject | Should -Be 'nodrive:\x'
    }
}

# UP8, RN14.
Describe 'How often a registry may be asked' {
    BeforeEach { Reset-TestRegistry $registry }

    It 'is told, with what is left and when it is full again' {
        $headers = @{ 'ratelimit-limit' = '100;w=21600'; 'ratelimit-remaining' = '76;w=21600'; 'docker-ratelimit-source' = '192.0.2.1' }
        Add-TestFault $registry @{ action = 'headers'; headers = $headers }
        $before = [System.DateTimeOffset]::UtcNow
        $info = Get-ImageStore "registry://$address"
        $info.RateLimit, $info.RateLimitRemaining, $info.RateLimitSource | Should -Be 100, 76, '192.0.2.1'
        $info.RateLimitWindow | Should -Be ([timespan]'06:00:00')
        $info.RateLimitReset | Should -BeGreaterThan $before.AddHours(6)
        $info.RateLimitReset.Offset | Should -Be ([timespan]::Zero)
        $back = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($info))
        $back.RateLimitReset | Should -Be $info.RateLimitReset
    }

    It 'is told too when no more is allowed' {
        $headers = @{ 'Retry-After' = '3600'; 'RateLimit-Limit' = '100;w=21600' }
        Add-TestFault $registry @{ action = 'status'; status = 429; headers = $headers }
        $info = Get-ImageStore "registry://$address" -WarningVariable warned -WarningAction SilentlyContinue
        $info.RateLimitRemaining | Should -Be 0
        $info.RateLimitReset | Should -BeLessThan ([System.DateTimeOffset]::UtcNow.AddSeconds(3601))
        $info.Repositories | Should -BeNullOrEmpty
        "$warned" | Should -BeLike "*$address*3600 s*"
    }

    It 'is waited for up to -MaximumWait, and told in -Verbose' {
        Add-TestFault $registry @{ action = 'status'; match = 'manifests'; status = 429; times = 1; headers = @{ 'Retry-After' = '1' } }
        $said = Get-ImageManifest "$address/team/app:1" -MaximumWait 00:00:01 -Verbose 4>&1
        "$said" | Should -BeLike "*$address answered 429; waiting until 20*"
        $said | Where-Object { $_ -is [ImgsPS.ImageManifest] } | Should -HaveCount 1
    }

    It 'is waited for no longer than Ctrl+C lets it' {
        Add-TestFault $registry @{ action = 'status'; match = 'manifests'; status = 429; headers = @{ 'Retry-After' = '3600' } }
        $pipeline = Start-TestPipeline "Get-ImageManifest $address/team/app:1 -MaximumWait 01:00:00 -Verbose 4>&1"
        $said = ''
        while ($said -notlike '*waiting until*') {
            Start-Sleep -Milliseconds 50
            $said += "$($pipeline.Output.ReadAll())"
        }

        $pipeline.PowerShell.Stop()
        $pipeline.PowerShell.InvocationStateInfo.State | Should -Be 'Stopped'
        $pipeline.PowerShell.Dispose()
    }

    It '-MaximumWait takes <_> not' -ForEach '300', '"8.00:00:00"', '"-00:00:01"' {
        { & ([scriptblock]::Create("Get-ImageManifest $address/team/app:1 -MaximumWait $_")) } |
            Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageManifestCommand' -ExpectedMessage '*one second and 7 days*'
    }
}
