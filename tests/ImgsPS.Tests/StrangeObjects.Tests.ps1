# SF10: objects of another computer, and rows whose store is an address, do nothing here until the user says which store is meant.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $store = New-TestStore
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 801; size = 100 }) }
    $reference = "$($registry.Host)/team/app:1"
    $null = Invoke-ImagePull $reference
    $image = Get-Image $reference

    function Copy-Deserialized($Value) {
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value)) }

    # What Invoke-Command writes: the deserialized object, with the computer's name as it was given to it.
    function Add-Computer($Value, [string] $Name) { $Value | Add-Member -NotePropertyName PSComputerName -NotePropertyValue $Name -PassThru }

    # A port that somebody listens at; nobody answers.
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
}

AfterAll {
    $listener.Stop()
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'An object of another computer (SF10)' {
    It 'is an error for <Command> that names the computer, and nothing is done: <Form>' -ForEach @(
        foreach ($command in 'Remove-Image', 'Add-ImageTag', 'Get-Image', 'Get-ImageConfig', 'Get-ImageHistory', 'Get-ImageLayer',
            'Get-ImageManifest') {
            @{ Command = $command; Form = 'a deserialized image'; Value = { Add-Computer (Copy-Deserialized $image) web1.example.com } }
            @{ Command = $command; Form = 'an object of its properties'
                Value = { Add-Computer ($image | Select-Object Reference, Id, Store) web1.example.com } }
            if ($command -ne 'Get-ImageManifest') {
                @{ Command = $command; Form = 'a reference'; Value = { Add-Computer $reference web1.example.com } }
                @{ Command = $command; Form = 'an object with a property Image'
                    Value = { Add-Computer ([pscustomobject]@{ Image = $reference }) web1.example.com } }
                @{ Command = $command; Form = 'a row of a file'
                    Value = { Add-Computer ($image | Select-Object Reference, Id) web1.example.com | ConvertTo-Csv | ConvertFrom-Csv } }
            }
        }
    ) {
        $arguments = if ($Command -eq 'Add-ImageTag') { @{ Tag = 'found:1' } } else { @{} }
        & $Value | & $Command @arguments -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be "InvalidArgument,ImgsPS.Cmdlets.$($Command -replace '-')Command"
        $failed[0].Exception.Message | Should -BeLike "*web1.example.com*"
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Store*'
        @(Get-Image).Reference | Should -Be $reference
    }

    It 'is taken with -Store, and nothing but -Store given by the user counts' {
        $remote = Add-Computer (Copy-Deserialized $image) web1
        ($remote | Get-ImageConfig -Store local).Id | Should -Be $image.Id
        & {
            $PSDefaultParameterValues = @{ '*-Image*:Store' = 'local' }
            $remote | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed | Should -HaveCount 1
        }
    }

    It 'is one of this computer when that is called <Name>' -ForEach @(
        @{ Name = 'localhost' }, @{ Name = 'LOCALHOST' }, @{ Name = '.' }, @{ Name = '127.0.0.1' }, @{ Name = '::1' },
        @{ Name = [System.Environment]::MachineName }
    ) {
        ((Add-Computer (Copy-Deserialized $image) $Name) | Get-ImageConfig -ErrorAction Stop).Id | Should -Be $image.Id
    }

    It 'can be pulled by its reference, and asked of the registry' {
        (Add-Computer (Copy-Deserialized $image) web1 | Invoke-ImagePull -ErrorAction Stop).Id | Should -Be $image.Id
        (Add-Computer (Copy-Deserialized $image) web1 | Get-ImageConfig -Remote -ErrorAction Stop).Id | Should -Be $image.Id
    }
}

Describe 'A store that is an address and came with data (SF10)' {
    It 'is not opened: <Address>, <Form>' -ForEach @(
        foreach ($address in 'ssh://strange.example.com', 'SSH://strange.example.com', 'tcp://127.0.0.1:PORT', 'http://127.0.0.1:PORT',
            'https://127.0.0.1:PORT', 'registry://127.0.0.1:PORT/team', 'npipe:////strange/pipe/docker_engine', 'npipe://strange/pipe/x',
            '\\strange\share', '//strange/share', '\/strange\share', 'FileSystem::\\strange\share',
            'Microsoft.PowerShell.Core\FileSystem::\\strange\share', '\\?\UNC\strange\share') {
            @{ Address = $address; Form = 'a row of a file'; Make = { $image | Select-Object Reference, Id, Store | ConvertTo-Csv |
                ConvertFrom-Csv } }
            @{ Address = $address; Form = 'a deserialized image'; Make = { Copy-Deserialized $image | Select-Object * } }
        }
    ) {
        $row = & $Make
        $row.Store = $Address.Replace('PORT', "$port")
        foreach ($whatIf in $true, $false) {
            $row | Remove-Image -WhatIf:$whatIf -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.RemoveImageCommand'
            $failed[0].Exception.Message | Should -BeLike '*came with the pipeline*'
        }

        $row | Get-ImageConfig -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.GetImageConfigCommand'
        Get-ImageConfig $row -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.GetImageConfigCommand'
        $listener.Pending() | Should -BeFalse
    }

    It 'is not opened by <Command>, which takes stores by the pipeline' -ForEach @(
        @{ Command = 'Get-ImageStore' }, @{ Command = 'Test-ImageStore' }, @{ Command = 'Repair-ImageStore' },
        @{ Command = 'Optimize-ImageStore' }
    ) {
        [pscustomobject]@{ Store = "tcp://127.0.0.1:$port" }, [pscustomobject]@{ Store = 'ssh://strange.example.com' } |
            & $Command -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 2
        $failed.FullyQualifiedErrorId | Select-Object -Unique |
            Should -Be "InvalidArgument,ImgsPS.Cmdlets.$($Command -replace '-')Command"
        $listener.Pending() | Should -BeFalse
    }

    It 'does not show the password in it' {
        [pscustomobject]@{ Reference = 'a:1'; Store = 'ssh://me:secret@strange.example.com' } |
            Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        "$($failed[0]) $($failed[0].ErrorDetails.RecommendedAction)" | Should -Not -Match 'secret'
    }

    It 'is opened when the session has used it, or with -Store' {
        $closed = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $closed.Start()
        $address = "tcp://127.0.0.1:$($closed.LocalEndpoint.Port)"
        $closed.Stop()
        $row = [pscustomobject]@{ Reference = 'a:1'; Id = $image.Id; Store = $address }
        $row | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable before
        $before[0].FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        $row | Remove-Image -Store $address -ErrorAction SilentlyContinue -ErrorVariable given
        $given[0].FullyQualifiedErrorId | Should -BeLike 'StoreUnavailable,*'
        $row | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable after
        $after[0].FullyQualifiedErrorId | Should -BeLike 'StoreUnavailable,*'
        $script = "Import-Module '$(Get-TestModulePath)'; [pscustomobject]@{ Reference = 'a:1'; Store = '$address' } | " +
            'Remove-Image -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId'
        Invoke-TestShell $script | Should -Be 'InvalidArgument,ImgsPS.Cmdlets.RemoveImageCommand' -Because 'another session has not'
    }

    It 'is opened for a folder, also one of a CSV file, and for a context''s name' {
        ($image | Select-Object Reference, Id, @{ Name = 'Store'; Expression = { $store } } | ConvertTo-Csv | ConvertFrom-Csv |
            Get-ImageConfig -ErrorAction Stop).Id | Should -Be $image.Id
        [pscustomobject]@{ Reference = 'a:1'; Store = 'docker:nosuch' } | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].Exception.Message | Should -BeLike '*nosuch*'
        $failed[0].Exception.Message | Should -Not -BeLike '*came with*'
    }
}
