# EN5: Get-Image -InUseOn, over two Docker Engines of tests/ImgsPS.TestDocker in this process, and a registry.
BeforeDiscovery {
    # The double is of .NET 8.
    $skipped = $PSVersionTable.PSEdition -ne 'Core'
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    if ($PSVersionTable.PSEdition -eq 'Core') {
        $root = Split-Path (Split-Path $PSScriptRoot)
        $double = Get-ChildItem -Path (Join-Path $root 'tests/ImgsPS.TestDocker/bin/*/net8.0/ImgsPS.TestDocker.dll') |
            Sort-Object LastWriteTime | Select-Object -Last 1
        Add-Type -LiteralPath $double.FullName, (Join-Path $double.DirectoryName ImgsPS.TestRegistry.dll)
        $inProcess = [ImgsPS.Testing.TestRegistry]::Start()
        $registry = [pscustomobject]@{ Host = $inProcess.Host }
        $address = $registry.Host
        $docker1, $docker2 = 1, 2 | ForEach-Object { [ImgsPS.Testing.TestDocker]::Start($inProcess) }
        $one, $two = $docker1.Address, $docker2.Address
        $dead = 'unix:///nobody/here.sock'
        $store = New-TestStore
        $remote = "registry://$address"

        # app:1 runs on the first, app:2 on the second, where it has another name; app:3 is an index, app:4 nobody uses. What ran as moved
        # is another image by now, which has the tag moved:old.
        1, 2, 4 | ForEach-Object { $null = Add-TestImage $registry "app:$_" @{ layers = @(@{ seed = $_; size = 100 }) } }
        $null = Add-TestIndex $registry 'app:3' @(@{ architecture = 'amd64' }, @{ architecture = 'arm64' })
        $null = Add-TestImage $registry 'moved:1' @{ layers = @(@{ seed = 8; size = 100 }) }
        $null = Add-TestImage $registry 'moved:old' @{ layers = @(@{ seed = 8; size = 100 }) }
        $null = Invoke-ImagePull "$address/app:1", "$address/moved:1" -Store $one
        $null = Invoke-ImagePull "$address/app:2", "$address/app:3" -Store $two
        $null = Add-TestImage $registry 'moved:1' @{ layers = @(@{ seed = 9; size = 100 }) }
        $null = Add-ImageTag "$address/app:2" -Tag local/name:x -Store $two
        $web = $docker1.AddContainer("$address/app:1", 'web', $true)
        $null = $docker1.AddContainer("$address/moved:1", 'past', $true)
        $null = $docker2.AddContainer('local/name:x', 'db', $false)
        $null = $docker2.AddContainer("$address/app:3", 'index', $true)
        $null = Invoke-ImagePull "$address/app:1", "$address/app:4"
        function Get-Used([Parameter(ValueFromPipeline)] $Image) {
            process { if ($Image.InUse) { "$($Image.Repository.Split('/')[-1]):$($Image.Tag)" } }
        }
    }
}

AfterAll {
    if ($PSVersionTable.PSEdition -eq 'Core') {
        Remove-TestStore $store
        $docker1.Dispose()
        $docker2.Dispose()
        $null = $inProcess.DisposeAsync().AsTask().GetAwaiter().GetResult()
    }
}

Describe 'Get-Image -InUseOn' -Skip:$skipped {
    It 'marks the images of a registry that containers use, by digest and by id' {
        $found = Get-Image -Store $remote -InUseOn $one, $two
        $found | Get-Used | Sort-Object | Should -Be 'app:1', 'app:2', 'app:3', 'moved:old'
        $found | Should -HaveCount 6
        ($found | Where-Object Tag -EQ 4).UsedBy | Should -BeNullOrEmpty
    }

    It 'says which container it is, and where' {
        $found = Get-Image app:1, app:2 -Store $remote -InUseOn $one, $two
        ($found | Where-Object Tag -EQ 1).UsedBy | Should -Be "web ($($web.Substring(0, 12))) on $one"
        ($found | Where-Object Tag -EQ 2).UsedBy | Should -BeLike "db (*) on $two"
    }

    It 'marks every platform of an index that a container was made from' {
        (Get-Image app:3 -Store $remote -AllPlatforms -InUseOn $two).InUse | Should -Be $true, $true
    }

    It 'finds an image whose tag has moved by its digest' {
        $old = (Get-Image moved:old -Store $remote).Digest
        (Get-Image "moved@$old" -Store $remote -InUseOn $one).UsedBy | Should -BeLike 'past (*'
        (Get-Image moved:1 -Store $remote -InUseOn $one).InUse | Should -BeFalse
    }

    It 'marks images of the local store, and of an Engine beside those that it uses itself' {
        Get-Image -InUseOn $one | Get-Used | Should -Be 'app:1'
        (Get-Image "$address/app:1" -Store $one -InUseOn $one).UsedBy | Should -Be @('web', "web ($($web.Substring(0, 12))) on $one")
        (Get-Image "$address/app:2" -Store $two -InUseOn $one).UsedBy | Should -Be 'db'
    }

    It 'lists nothing, whatever -ErrorAction says, when one Engine does not answer' {
        foreach ($names in @($one, $dead), @($dead, $one)) {
            $written = [System.Collections.Generic.List[object]]::new()
            $failed = $null
            try {
                Get-Image -Store $remote -InUseOn $names -ErrorAction SilentlyContinue | ForEach-Object { $written.Add($_) }
            } catch {
                $failed = $_
            }

            $failed.FullyQualifiedErrorId | Should -Be 'StoreUnavailable,ImgsPS.Cmdlets.GetImageCommand'
            $failed.TargetObject | Should -Be $dead
            "$failed" | Should -BeLike "*$dead does not say what it uses*"
            $failed.ErrorDetails.RecommendedAction | Should -BeLike 'Nothing is listed:*'
            $written | Should -HaveCount 0
        }
    }

    It 'lists nothing when an Engine does not list its containers' {
        $docker2.Fault([ImgsPS.Testing.DockerFault]::Status('GET', '/containers/json', 500, 'broken'))
        try {
            { Get-Image -Store $remote -InUseOn $one, $two } | Should -Throw -ExpectedMessage "*$two does not say what it uses*broken*"
        } finally {
            $docker2.ClearFaults()
        }
    }

    It 'asks each Engine once for the whole command, and no registry when one fails' {
        $docker1.ClearRequests()
        $inProcess.ClearRequests()
        { 'app:1', 'app:2' | Get-Image -Store $remote -InUseOn $dead } | Should -Throw
        @($inProcess.Requests) | Should -HaveCount 0
        $null = 'app:1', 'app:2', 'app:4' | Get-Image -Store $remote -InUseOn $one, $one
        @($docker1.Requests | Where-Object { "$($_.Path)" -like '*containers/json*' }) | Should -HaveCount 1
    }

    It 'takes Docker Engines alone: not <_>' -ForEach 'local', './folder', 'registry://reg.example.com', 'bogus' {
        { Get-Image -InUseOn $_ } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand' `
            -ExpectedMessage "*'$_' is no Docker Engine*"
    }

    It 'goes with no -NameOnly' {
        { Get-Image -NameOnly -InUseOn $one } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
    }

    It 'completes the names of Docker Engines' {
        $line = 'Get-Image -InUseOn '
        $words = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
        $words | Should -Contain 'docker'
        $words | Should -Not -Contain 'local'
    }
}

# DU7.
Describe 'Get-Image -As Inventory' -Skip:$skipped {
    BeforeAll {
        $null = Add-TestImage $registry 'dated:1' @{ created = '2024-05-01T12:00:00+09:00'; labels = @{ env = 'prod'; note = 'a,"b"' } }
        $null = Add-TestImage $registry 'base:1' @{ layers = @(@{ seed = 60; size = 30000 }) }
        $null = Invoke-ImagePull "$address/dated:1", "$address/base:1"
        $null = Invoke-ImagePull "$address/dated:1" -Store $one
        $csv = Join-Path $TestDrive inventory.csv
        $plain = Join-Path $TestDrive plain.csv
        $culture = [cultureinfo]::CurrentCulture
        [cultureinfo]::CurrentCulture = 'de-DE'
        try {
            Get-Image -Store local, $one, $remote -As Inventory | Export-Csv $csv -NoTypeInformation -Delimiter ','
            Get-Image -Store local, $one, $remote | Export-Csv $plain -NoTypeInformation -Delimiter ','
        } finally {
            [cultureinfo]::CurrentCulture = $culture
        }

        $rows = Import-Csv $csv
    }

    It 'has one set of readable columns for every store' {
        $rows.Store | Sort-Object -Unique | Should -Be (@('local', $one, $remote) | Sort-Object -Unique)
        foreach ($store in $rows | Group-Object Store) {
            $row = $store.Group | Where-Object Reference -Like '*/dated:1'
            $row.Created, $row.Labels | Should -Be '2024-05-01T03:00:00Z', 'env=prod;note=a,"b"'
            $row.Platform | Should -BeLike 'linux/amd64*'
        }

        [System.IO.File]::ReadAllText($csv) | Should -Not -Match 'System\.|ImgsPS\.|\[\]|\d\d\.\d\d\.\d{4}'
        ($rows | Where-Object Store -EQ local)[0].PulledAt | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$'
    }

    It 'goes back into commands, each row to its own store: <File>, in a German culture too' -ForEach @(
        @{ File = 'inventory' }, @{ File = 'plain' }
    ) {
        $culture = [cultureinfo]::CurrentCulture
        [cultureinfo]::CurrentCulture = 'de-DE'
        try {
            $all = Import-Csv (Join-Path $TestDrive "$File.csv") -Delimiter ','
            $dated = $all | Where-Object Reference -Like '*/dated:1'
            $here = @($dated | Where-Object Store -NE $remote)
            $lines = Get-WhatIfLine { $here | Remove-Image -WhatIf -ErrorAction Stop }
            @($lines -like "*dated:1*") | Should -HaveCount 2
            @($lines -like "*in $one*") | Should -HaveCount 1

            # The double of a Docker Engine gives no archives: Docker.Tests.ps1 has a real one.
            foreach ($row in $dated | Where-Object Store -NE $one) {
                $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('N'))
                ($row | Copy-Image -Destination $folder -ErrorAction Stop) | Should -HaveCount 1
                (Get-Image -Store $folder).Reference | Should -Be $row.Reference
            }

            $found = @($dated | Get-Image -ErrorAction Stop)
            $found.Store | Should -Be $dated.Store
        } finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'says what another place has: -Except' {
        $null = Add-TestImage $registry 'child:1' @{ layers = @(@{ seed = 60; size = 30000 }, @{ seed = 50; size = 100 }) }
        $null = Invoke-ImagePull "$address/child:1"
        $all = Join-Path $TestDrive all.tar
        $delta = Join-Path $TestDrive delta.tar
        $null = Export-Image "$address/child:1" -Path $all
        $null = Export-Image "$address/child:1" -Path $delta -Except ($rows | Where-Object Store -EQ local)
        (Get-Item $delta).Length | Should -BeLessThan ((Get-Item $all).Length - 20000)
    }

    It 'leads to the image by its digest also when the tag has moved' {
        $row = $rows | Where-Object { $_.Store -eq $remote -and $_.Reference -like '*/moved:1' }
        $null = Add-TestImage $registry 'moved:1' @{ layers = @(@{ seed = 10; size = 100 }) }
        (Get-ImageManifest -Image $row).Digest | Should -Be $row.Digest
    }

    It 'goes with no -NameOnly' {
        { Get-Image -NameOnly -As Inventory } | Should -Throw -ErrorId 'InvalidArgument,ImgsPS.Cmdlets.GetImageCommand'
    }
}
