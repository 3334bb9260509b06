# Several stores at once. Nobody listens at the addresses of Docker here: Docker.Tests.ps1 has real ones.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }) }
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 2; size = 2000 }) }
    $dead = 'tcp://127.0.0.1:1'
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Several stores' {
    BeforeEach {
        $store = New-TestStore
        $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-fleet-' + [guid]::NewGuid().ToString('N'))
        $a = Join-Path $folder 'a'
        $b = Join-Path $folder 'b'
        $null = Invoke-ImagePull "$address/team/app:1" -Store $a, $b
    }

    AfterEach {
        Remove-TestStore $store
        Remove-Item -LiteralPath $folder -Recurse -Force
    }

    It 'are pulled into, and each image carries its store' {
        (Invoke-ImagePull "$address/team/app:2" -Store $a, $b, local).Store | Sort-Object | Should -Be (@($a, $b, 'local') | Sort-Object)
    }

    It 'are listed in the order given, each once' {
        (Get-Image -Store $b, $a, $b).Store | Should -Be $b, $a
        (Get-Image -Store $a, $b -ThrottleLimit 1).Store | Should -Be $a, $b
        (Get-Image "$address/team/app:1" -Store $b, $a).Store | Should -Be $b, $a
        (Get-ImageConfig "$address/team/app:1" -Store $b, $a).Store | Should -Be $b, $a
        (Get-ImageManifest "$address/team/app:1" -Store $b, $a) | Should -HaveCount 2
        (Get-ImageStore $b, $a).Store | Should -Be $b, $a
    }

    It 'go on when one is dead: one error about the store (<Command>)' -ForEach @(
        @{ Command = 'Get-Image'; Class = 'GetImageCommand'; Run = { Get-Image -Store $dead, $a, $b } }
        @{ Command = 'Get-Image'; Class = 'GetImageCommand'; Run = { Get-Image "$address/team/app:1", '*' -Store $a, $dead, $b } }
        @{ Command = 'Get-ImageStore'; Class = 'GetImageStoreCommand'; Run = { $a, $dead, $b, $dead | Get-ImageStore } }
        @{ Command = 'Get-ImageLayer'; Class = 'GetImageLayerCommand';
            Run = { Get-ImageLayer "$address/team/app:1", '*' -Store $a, $dead, $b } }
        @{ Command = 'Invoke-ImagePull'; Class = 'InvokeImagePullCommand';
            Run = { "$address/team/app:1", "$address/team/app:2" | Invoke-ImagePull -Store $dead, $a, $b } }
        @{ Command = 'Add-ImageTag'; Class = 'AddImageTagCommand';
            Run = { "$address/team/app:1", "$address/team/app:1" | Add-ImageTag -Tag x:1, x:2 -Store $dead, $a, $b -PassThru } }
        @{ Command = 'Remove-Image'; Class = 'RemoveImageCommand';
            Run = { Remove-Image "$address/team/app:1", 'nosuch*' -Store $dead, $a, $b -PassThru } }
    ) {
        $found = & { $ErrorActionPreference = 'Continue'; . $Run } 2>&1
        $failed = @($found | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
        $failed.FullyQualifiedErrorId | Should -Be "StoreUnavailable,ImgsPS.Cmdlets.$Class"
        $failed.CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        $failed.TargetObject | Should -Be $dead
        @($found | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] } | ForEach-Object Store | Sort-Object -Unique) |
            Should -Be $a, $b
    }

    It 'go on when one is no store; alone that ends the command' {
        (Get-Image -Store $a, 'bogus' -ErrorAction SilentlyContinue -ErrorVariable failed).Store | Should -Be $a
        $failed.FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
        $failed.TargetObject | Should -Be 'bogus'
        { Get-Image -Store 'bogus' } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
    }

    It 'are named in the errors of an item' {
        Remove-Image "$address/team/app:1" -Store $a
        $null = Get-Image "$address/team/app:1" -Store $a, $b -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $failed.TargetObject | Should -Be "$address/team/app:1"
        "$($failed.ErrorDetails)" | Should -BeLike "${a}: No such image*"
    }

    It 'get their images back from the pipeline, also with several as default of -Store' {
        $null = Invoke-ImagePull "$address/team/app:2"
        $global:PSDefaultParameterValues['*-Image*:Store'] = 'local', $b
        try {
            (Get-Image -Store $a | Remove-Image -PassThru).Store | Should -Be $a
            (Get-Image).Store | Should -Be 'local', $b
        }
        finally { $global:PSDefaultParameterValues.Remove('*-Image*:Store') }
        (Get-Image -Store $b, local | Remove-Image -PassThru).Store | Should -Be $b, 'local'
    }

    It 'are asked about one by one with -WhatIf' {
        $text = Get-WhatIfLine { Remove-Image "$address/team/app:1" -Store $a, $b -WhatIf }
        $text[0] | Should -BeLike "* in $a*"
        $text[1] | Should -BeLike "* in $b*"
        @(Get-Image -Store $a, $b) | Should -HaveCount 2
    }

    It 'have a limit of <Limit> refused' -ForEach @{ Limit = 0 }, @{ Limit = 65 } {
        { Get-Image -Store $a -ThrottleLimit $Limit } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }
}
