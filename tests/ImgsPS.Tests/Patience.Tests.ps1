# Registries and Docker Engines that take a connection and never answer (RN12): -TimeoutSec, and who is told what.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $store = New-TestStore
    $silent = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $silent.Start()
    function Get-Failure([scriptblock] $Command) {
        try { $null = & $Command } catch { return $_ }
    }

    $at = "127.0.0.1:$($silent.LocalEndpoint.Port)"
}

AfterAll {
    $silent.Stop()
    Remove-TestStore $store
}

Describe 'A registry that never answers' {
    It '<_> ends with OperationTimeout, and says how long it waited and how it may wait longer' -ForEach @(
        'Invoke-ImagePull', 'Get-ImageManifest', 'Get-ImageConfig -Remote', 'Get-ImageHistory -Remote', 'Get-ImageLayer -Remote'
    ) {
        $failed = Get-Failure ([scriptblock]::Create("$_ $at/team/app:1 -TimeoutSec 1 -ErrorAction Stop"))
        $failed.FullyQualifiedErrorId | Should -BeLike 'OperationTimeout,*'
        "$failed" | Should -BeLike "*$at*"
        "$failed $($failed.ErrorDetails.RecommendedAction)" | Should -BeLike '*-TimeoutSec*'
    }

    It 'ends a search' {
        (Get-Failure { Find-Image app -Registry $at -TimeoutSec 1 -ErrorAction Stop }).FullyQualifiedErrorId | Should -BeLike 'OperationTimeout,*'
    }
}

Describe 'A Docker Engine that never answers' {
    It '<_> ends with OperationTimeout' -ForEach @(
        'Get-Image', 'Get-ImageStore', 'Remove-Image a:1', 'Add-ImageTag a:1 b:1', 'Get-ImageConfig a:1', 'Invoke-ImagePull a:1'
    ) {
        $failed = Get-Failure ([scriptblock]::Create("$_ -Store tcp://$at -TimeoutSec 1 -ErrorAction Stop"))
        $failed.FullyQualifiedErrorId | Should -BeLike 'OperationTimeout,*'
        "$failed $($failed.ErrorDetails.RecommendedAction)" | Should -BeLike '*-TimeoutSec*'
    }

    It 'is told once, and not asked again for each image' {
        $null = 'a:1', 'b:1', 'c:1' | Remove-Image -Store "tcp://$at" -TimeoutSec 1 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $failed.TargetObject | Should -Be "tcp://$at"
    }
}

Describe '-TimeoutSec' {
    It 'takes <_> not' -ForEach 0, -1, 86401 {
        { Get-Image -TimeoutSec $_ } | Should -Throw -ErrorId 'ParameterArgument*,ImgsPS.Cmdlets.GetImageCommand'
    }
}
