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
