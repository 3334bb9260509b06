# Test-ImageStore, Repair-ImageStore and Optimize-ImageStore over real stores (RS2-RS7, RU1).
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $image = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 4000 }, @{ seed = 2; size = 9000 }) }
    $other = Add-TestImage $registry 'team/other:1' @{ layers = @(@{ seed = 3; size = 5000 }) }

    # The file of a blob.
    function Get-BlobPath([string] $Digest, [string] $Root = $store) {
        $algorithm, $hex = $Digest -split ':'
        [System.IO.Path]::Combine($Root, 'blobs', $algorithm, $hex)
    }

    # Writes bytes over a file that may be read-only.
    function Set-File([string] $Path, [byte[]] $Bytes) {
        Set-ItemProperty -LiteralPath $Path -Name IsReadOnly -Value $false
        [System.IO.File]::WriteAllBytes($Path, $Bytes)
    }

    # Other bytes, as many as before.
    function Set-Corruption([string] $Path) {
        $bytes = [System.IO.File]::ReadAllBytes($Path)
        $bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
        Set-File $Path $bytes
    }

    # A blob that nothing names, as another tool's crash leaves it, two hours old.
    function Add-Orphan([int] $Size = 1234) {
        $bytes = [byte[]]::new($Size)
        [System.Random]::new($Size).NextBytes($bytes)
        $sha = [System.Security.Cryptography.SHA256]::Create()
        $digest = 'sha256:' + [System.BitConverter]::ToString($sha.ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
        $sha.Dispose()
        $path = Get-BlobPath $digest
        [System.IO.File]::WriteAllBytes($path, $bytes)
        [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::UtcNow.AddHours(-2))
        $digest
    }

    # Every file and folder with size, time and content: the same before and after means that nothing was written.
    function Get-Listing([string] $Root = $store) {
        Get-ChildItem -LiteralPath $Root -Recurse -Force | Sort-Object FullName | ForEach-Object {
            $hash = if (-not $_.PSIsContainer) { (Get-FileHash -LiteralPath $_.FullName).Hash }
            '{0} {1} {2:o} {3}' -f $_.FullName, $(if (-not $_.PSIsContainer) { $_.Length }), $_.LastWriteTimeUtc, $hash
        }
    }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'A store that is whole' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
        $null = Invoke-ImagePull "$address/team/app:1"
    }

    AfterEach { Remove-TestStore $store }

    It 'has no findings, and -Quiet says True' {
        @(Test-ImageStore -ErrorAction Stop) | Should -BeNullOrEmpty
        @(Test-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
        Test-ImageStore -Quiet | Should -BeOfType bool
        Test-ImageStore -Quiet | Should -BeTrue
        Test-ImageStore -Full -Quiet | Should -BeTrue
    }

    It 'is not written to by a test, a repair or an optimization' {
        $before = Get-Listing
        $null = Test-ImageStore -Full -ErrorAction Stop
        Get-Listing | Should -Be $before
        @(Repair-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
        Get-Listing | Should -Be $before
        (Optimize-ImageStore -ErrorAction Stop).BytesFreed | Should -Be 0
        (Get-Listing) -match '/blobs/|index\.json|oci-layout' | Should -Be ($before -match '/blobs/|index\.json|oci-layout')
    }

    It 'asks no registry' {
        Reset-TestRegistry $registry
        $null = Test-ImageStore -Full -ErrorAction Stop
        $null = Repair-ImageStore -Full -Refetch -ErrorAction Stop
        $null = Optimize-ImageStore -ErrorAction Stop
        Get-TestRequest $registry | Should -BeNullOrEmpty
    }

    It 'comes through the pipeline: <Form>' -ForEach @(
        @{ Form = 'Get-ImageStore'; From = { Get-ImageStore } }
        @{ Form = 'a name'; From = { 'local' } }
        @{ Form = 'a folder'; From = { $store } }
        @{ Form = 'an image'; From = { Get-Image } }
        @{ Form = 'an object from a CSV file'; From = { Get-ImageStore | Select-Object Store | ConvertTo-Csv | ConvertFrom-Csv } }
    ) {
        & $From | Test-ImageStore -Quiet | Should -BeTrue
        & $From | Repair-ImageStore -ErrorAction Stop | Should -BeNullOrEmpty
        $done = & $From | Optimize-ImageStore -ErrorAction Stop
        $done | Should -BeOfType ImgsPS.ImageStoreOptimization
        $done | Should -HaveCount 1
    }

    It 'is worked on once, however often it is piped' {
        'local', 'local' | Test-ImageStore -Quiet | Should -HaveCount 1
        @(Get-Image; Get-Image) | Optimize-ImageStore | Should -HaveCount 1
    }
}

Describe 'Damage' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
        # One after the other: side by side they may be one change of the index.
        $null = Invoke-ImagePull "$address/team/app:1"
        $null = Invoke-ImagePull "$address/team/other:1"
        $layer = Get-BlobPath $image.layers[1].digest
    }

    AfterEach { Remove-TestStore $store }

    It 'of the same size is found by -Full, with digest, images, path and what to do (RS7)' {
        Set-Corruption $layer
        Test-ImageStore -Quiet | Should -BeTrue -Because 'a quick test looks at sizes only'
        Test-ImageStore -Full -Quiet | Should -BeFalse
        $found = @(Test-ImageStore -Full)
        $found | Should -HaveCount 1
        $found[0] | Should -BeOfType ImgsPS.ImageStoreFinding
        $found[0].Kind | Should -Be 'WrongContent'
        $found[0].Severity | Should -Be 'Error'
        $found[0].Digest | Should -Be $image.layers[1].digest
        $found[0].Image | Should -Be "$address/team/app:1"
        $found[0].Path | Should -Be $layer
        $found[0].Size | Should -Be $image.layers[1].size
        $found[0].Store | Should -Be 'local'
        $found[0].Repaired | Should -BeFalse
        $found[0].Action | Should -Match 'Repair-ImageStore'
        "$($found[0])" | Should -Be $found[0].Message
    }

    It '<What> is found by a quick test (RS3)' -ForEach @(
        @{ What = 'a truncated layer'; Kind = 'WrongSize'; Break = { Set-File $layer ([byte[]](1..10)) } }
        @{ What = 'an emptied layer'; Kind = 'WrongSize'; Break = { Set-File $layer ([byte[]]@()) } }
        @{ What = 'a deleted layer'; Kind = 'MissingBlob'; Break = { Remove-Item -LiteralPath $layer -Force } }
        @{ What = 'a deleted config'; Kind = 'MissingBlob'; Break = { Remove-Item -LiteralPath (Get-BlobPath $image.id) -Force } }
        @{ What = 'a corrupted manifest'; Kind = 'WrongContent'; Break = { Set-Corruption (Get-BlobPath $image.digest) } }
    ) {
        & $Break
        $found = @(Test-ImageStore | Where-Object Severity -EQ Error)
        $found.Kind | Select-Object -Unique | Should -Be $Kind
        Test-ImageStore -Quiet | Should -BeFalse

        # The repair puts it right, the second one has nothing to do.
        $null = Repair-ImageStore -Full -Refetch -ErrorAction Stop
        @(Test-ImageStore -Full | Where-Object Severity -NE Information) | Should -BeNullOrEmpty
        Test-ImageStore -Full -Quiet | Should -BeTrue
        (Get-Image).Reference | Sort-Object | Should -Be "$address/team/app:1", "$address/team/other:1"
        @(Repair-ImageStore -Full -Refetch -ErrorAction Stop | Where-Object { $_.Repaired -or $_.Severity -ne 'Information' }) |
            Should -BeNullOrEmpty
    }

    It 'of the index gives way to its previous copy, and images are found again (RS7)' {
        $index = Join-Path $store 'index.json'
        [System.IO.File]::WriteAllText($index, '{')
        Test-ImageStore -Quiet | Should -BeFalse
        @(Test-ImageStore | Where-Object Severity -EQ Error).Kind | Should -Be 'Index'
        $done = @(Repair-ImageStore -ErrorAction Stop | Where-Object Severity -EQ Error)
        $done.Kind | Should -Be 'Index'
        $done.Repaired | Should -BeTrue
        Test-ImageStore -Full -Quiet | Should -BeTrue
        @(Get-ChildItem -Path "$store/*.corrupt-*", "$store/.imgsps/*.corrupt-*" -Force) | Should -HaveCount 1 -Because 'evidence is kept'

        # The previous copy is from before the second image: that one is back without its name, and the next pull names it without fetching.
        $images = @(Get-Image)
        $images.Reference | Should -Contain "$address/team/app:1"
        $images.Id | Sort-Object | Should -Be ($image.id, $other.id | Sort-Object)
        Reset-TestRegistry $registry
        $null = Invoke-ImagePull "$address/team/other:1" -ErrorAction Stop
        Get-TestRequest $registry | Where-Object { $_ -like 'GET */blobs/*' } | Should -BeNullOrEmpty
        (Get-Image).Reference | Sort-Object | Should -Be "$address/team/app:1", "$address/team/other:1"
        @(Repair-ImageStore -Full -ErrorAction Stop | Where-Object { $_.Repaired -or $_.Severity -ne 'Information' }) |
            Should -BeNullOrEmpty
    }

    It 'goes to the quarantine without -Refetch, and the next pull fetches that alone (RS7)' {
        Set-Corruption $layer
        $done = @(Repair-ImageStore -Full -ErrorAction Stop | Where-Object Severity -EQ Error)
        $done | Should -HaveCount 1
        $done[0].Action | Should -Match 'quarantine'
        Get-TestRequest $registry | Where-Object { $_ -like "GET */blobs/*" } | Should -HaveCount 5 -Because 'these are the pulls'
        Test-Path -LiteralPath $layer | Should -BeFalse
        @(Get-ChildItem -LiteralPath (Join-Path $store '.imgsps/quarantine')) | Should -HaveCount 1
        Test-ImageStore -Quiet | Should -BeFalse -Because 'the image is not whole'

        Reset-TestRegistry $registry
        $null = Invoke-ImagePull "$address/team/app:1" -ErrorAction Stop
        Get-TestRequest $registry | Where-Object { $_ -like 'GET */blobs/*' } |
            Should -Be "GET /v2/team/app/blobs/$($image.layers[1].digest)"
        Test-ImageStore -Full -Quiet | Should -BeTrue
        @(Test-ImageStore).Kind | Should -Be 'Quarantine'
    }

    It 'is fetched again with -Refetch, with the credentials that are given' {
        Remove-Item -LiteralPath $layer -Force
        $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; users = @{ bob = 'secret' }; anonymousPull = $false }
        try {
            $failed = @(Repair-ImageStore -Refetch -ErrorAction SilentlyContinue)
            @($failed | Where-Object Severity -EQ Error).Repaired | Should -Be $false
            $credential = [pscredential]::new('bob', (ConvertTo-SecureString 'secret' -AsPlainText -Force))
            $done = @(Repair-ImageStore -Refetch -Credential $credential -ErrorAction Stop)
            $done.Kind | Should -Be 'MissingBlob'
            $done.Repaired | Should -BeTrue
            $done.Action | Should -Match 'fetched'
        }
        finally { $null = Invoke-TestRegistry $registry options @{ auth = 'none' } }
        Test-ImageStore -Full -Quiet | Should -BeTrue
    }

    It 'is told by -WhatIf, and nothing is written or asked (RU1)' {
        Set-Corruption $layer
        Remove-Item -LiteralPath (Get-BlobPath $other.layers[0].digest) -Force
        $null = Add-Orphan
        Reset-TestRegistry $registry
        $before = Get-Listing
        Repair-ImageStore -Full -Refetch -WhatIf | Should -BeNullOrEmpty
        $said = Get-WhatIfLine { Repair-ImageStore -Full -Refetch -WhatIf }
        Get-Listing | Should -Be $before
        Get-TestRequest $registry | Should -BeNullOrEmpty
        $said | Should -HaveCount 2
        "$said" | Should -Match ([regex]::Escape($image.layers[1].digest))
        "$said" | Should -Match ([regex]::Escape($other.layers[0].digest))
        @($said -match 'is damaged.*moved to the quarantine and fetched again\.$') | Should -HaveCount 1
        @($said -match 'is not in the store\. It would be fetched again\.$') | Should -HaveCount 1
        & { $WhatIfPreference = $true; Repair-ImageStore -Full -Refetch } | Should -BeNullOrEmpty
        Get-Listing | Should -Be $before
    }

    It 'is repaired by what a test pipes on' {
        Set-Corruption $layer
        Remove-Item -LiteralPath (Get-BlobPath $other.layers[0].digest) -Force
        $done = @(Test-ImageStore -Full | Where-Object Severity -EQ Error | Repair-ImageStore -Full -Refetch |
            Where-Object Severity -EQ Error)
        $done | Should -HaveCount 2
        $done.Repaired | Should -Be $true, $true
        Test-ImageStore -Full -Quiet | Should -BeTrue
    }

    It 'keeps its words when it is serialized, as for another process' {
        Set-Corruption $layer
        $found = [System.Management.Automation.PSSerializer]::Deserialize(
            [System.Management.Automation.PSSerializer]::Serialize(@(Test-ImageStore -Full)))
        @($found | Where-Object Severity -EQ Error) | Should -HaveCount 1
        $found.Kind | Should -Be 'WrongContent'
        $found.Image | Should -Be "$address/team/app:1"
        $found | Out-String -Width 200 | Should -Match 'Error\s+WrongContent\s+\S+/team/app:1'
    }
}

Describe 'Optimize-ImageStore' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
        $null = Invoke-ImagePull "$address/team/app:1"
    }

    AfterEach { Remove-TestStore $store }

    It 'collects what nothing names, and reports the bytes (RS2)' {
        $orphans = (Add-Orphan 1234), (Add-Orphan 5000)
        @(Test-ImageStore).Kind | Should -Be 'Orphan', 'Orphan'
        Test-ImageStore -Quiet | Should -BeTrue
        $before = (Get-ImageStore).Bytes
        $done = Optimize-ImageStore
        $done.Blobs | Should -Be 2
        $done.BytesFreed | Should -Be 6234
        $done.Store | Should -Be 'local'
        (Get-ImageStore).Bytes | Should -Be ($before - 6234)
        foreach ($orphan in $orphans) { Test-Path -LiteralPath (Get-BlobPath $orphan) | Should -BeFalse }
        @(Test-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
        (Get-Image).Id | Should -Be $image.id
        (Optimize-ImageStore).BytesFreed | Should -Be 0
    }

    It 'leaves young content alone for -GracePeriod (RS6)' {
        $orphan = Add-Orphan
        [System.IO.File]::SetLastWriteTimeUtc((Get-BlobPath $orphan), [datetime]::UtcNow.AddMinutes(-10))
        (Optimize-ImageStore).Blobs | Should -Be 0
        (Optimize-ImageStore -GracePeriod 00:05:00).Blobs | Should -Be 1
        { Optimize-ImageStore -GracePeriod (New-TimeSpan -Seconds -1) } |
            Should -Throw '*cannot be negative*' -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'deletes the quarantine when it is asked to' {
        Set-Corruption (Get-BlobPath $image.layers[0].digest)
        $null = Repair-ImageStore -Full -Refetch -ErrorAction Stop
        (Optimize-ImageStore -GracePeriod 0).Quarantined | Should -Be 0
        $done = Optimize-ImageStore -GracePeriod 0 -IncludeQuarantine
        $done.Quarantined | Should -Be 1
        $done.BytesFreed | Should -Be $image.layers[0].size
        @(Test-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
    }

    It 'says the same numbers with -WhatIf, and writes nothing (RU1)' {
        $null = Add-Orphan 1234
        $null = Add-Orphan 999
        [System.IO.File]::WriteAllBytes((Join-Path $store '.imgsps/left.tmp'), [byte[]](1..7))
        $before = Get-Listing
        Optimize-ImageStore -WhatIf | Should -BeNullOrEmpty
        $said = @(Get-WhatIfLine { Optimize-ImageStore -WhatIf })
        Get-Listing | Should -Be $before
        $done = Optimize-ImageStore
        $done.Blobs | Should -Be 2
        $done.Leftovers | Should -Be 1
        $done.BytesFreed | Should -Be 2240
        $said | Should -Be 'What if: Performing the operation "Remove 2 blobs, 1 leftover file: 2240 bytes" on target "local".'
        Get-WhatIfLine { Optimize-ImageStore -WhatIf } |
            Should -Be 'What if: Performing the operation "Remove nothing, 0 bytes" on target "local".'
    }
}

Describe 'Any of the three' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
        $null = Invoke-ImagePull "$address/team/app:1"
    }

    AfterEach {
        if (-not ($env:OS -eq 'Windows_NT')) { chmod -R u+w $store }
        Remove-TestStore $store
    }

    It 'goes on with the other stores when one is none: <Command>' -ForEach @(
        @{ Command = 'Test-ImageStore' }
        @{ Command = 'Repair-ImageStore' }
        @{ Command = 'Optimize-ImageStore' }
    ) {
        $second = Join-Path $TestDrive ('second' + [guid]::NewGuid().ToString('N'))
        $dead = Join-Path $TestDrive ('dead' + [guid]::NewGuid().ToString('N'))
        $null = Invoke-ImagePull "$address/team/app:1" -Store $second
        $null = New-Item -ItemType Directory -Path $dead
        [System.IO.File]::WriteAllText((Join-Path $dead 'notes.txt'), 'not a store')
        foreach ($root in $store, $second) { Remove-Item -LiteralPath (Get-BlobPath $image.layers[0].digest $root) -Force }
        $arguments = @{ Store = 'local', $dead, $second, 'docker', 'nodrive:\x' }
        $written = @(& $Command @arguments -ErrorAction SilentlyContinue -ErrorVariable failed)
        $written.Store | Sort-Object | Should -Be (@($second, 'local') | Sort-Object)
        $failed | Should -HaveCount 3
        ($failed | Where-Object TargetObject -EQ 'nodrive:\x').FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        ($failed | Where-Object TargetObject -EQ $dead).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        ($failed | Where-Object TargetObject -EQ 'docker').FullyQualifiedErrorId | Should -BeLike 'NotSupported,*'
        ($failed | Where-Object TargetObject -EQ 'docker').CategoryInfo.Category | Should -Be 'NotImplemented'
    }

    It 'works on one store at a time with -ThrottleLimit 1' {
        $second = Join-Path $TestDrive ('second' + [guid]::NewGuid().ToString('N'))
        $null = Invoke-ImagePull "$address/team/app:1" -Store $second
        Test-ImageStore local, $second -Full -Quiet -ThrottleLimit 1 | Should -Be $true, $true
    }

    It 'gives one Boolean for each store, in the order of the stores' {
        $second = Join-Path $TestDrive ('second' + [guid]::NewGuid().ToString('N'))
        $null = Invoke-ImagePull "$address/team/app:1" -Store $second
        Remove-Item -LiteralPath (Get-BlobPath $image.layers[0].digest $second) -Force
        Test-ImageStore local, $second -Quiet | Should -Be $true, $false
        Test-ImageStore $second, local -Quiet | Should -Be $false, $true
    }

    It 'says that Docker looks after its own content' {
        foreach ($command in 'Test-ImageStore', 'Repair-ImageStore', 'Optimize-ImageStore') {
            $null = & $command docker -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'NotSupported,ImgsPS.Cmdlets.*'
            $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    It 'takes a store that cannot be written: it is tested, and the others say why not (RS4)' {
        $root = $env:OS -ne 'Windows_NT' -and (id -u) -eq '0'
        if ($root -and -not (Get-Command setpriv -ErrorAction Ignore)) { Set-ItResult -Skipped `
            -Because 'root writes everywhere, and there is no setpriv'; return }
        Set-Corruption (Get-BlobPath $image.layers[0].digest)
        $null = Add-Orphan
        chmod -R a-w $store
        $before = Get-Listing
        $script = "Import-Module '$(Get-TestModulePath)'; `$env:IMGSPS_STORE = '$store'; " +
        '(Test-ImageStore -Full).Kind; Test-ImageStore -Full -Quiet; ' +
        'foreach ($c in ''Repair-ImageStore'', ''Optimize-ImageStore'') { $a = if ($c -like ''R*'') { @{ Full = $true } } else { @{} }; & $c @a -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId }; ' +
        'Optimize-ImageStore -WhatIf; Repair-ImageStore -Full -WhatIf'

        # Root without its capabilities is held to the permissions of its own files, and may still read a PowerShell in its home.
        $said = @(Invoke-TestShell $script -Prefix $(if ($root) { 'setpriv', '--bounding-set=-all', '--inh-caps=-all' }))
        Get-Listing | Should -Be $before
        $said | Should -Contain 'WrongContent'
        $said | Should -Contain 'Orphan'
        $said | Should -Contain 'False'
        $said -match '^StoreUnavailable,ImgsPS' | Should -HaveCount 2
        $said -match '^What if:.*1 blob: 1234 bytes' | Should -HaveCount 1
        $said -match '^What if:.*is damaged.*quarantine' | Should -HaveCount 1
    }

    It 'asks nothing in a PowerShell without anybody (RU1)' {
        Remove-Item -LiteralPath (Get-BlobPath $image.layers[0].digest) -Force
        $null = Add-Orphan
        $lines = Invoke-TestShell "Import-Module '$(Get-TestModulePath)'; `$env:IMGSPS_STORE = '$store'; (Test-ImageStore).Kind -join ','; (Repair-ImageStore -Refetch).Kind -join ','; (Optimize-ImageStore).Blobs; Test-ImageStore -Full -Quiet"
        $lines[0] | Should -Be 'MissingBlob,Orphan'
        $lines[1] | Should -BeLike 'MissingBlob*'
        $lines[2..3] | Should -Be '1', 'True'
        "$lines" | Should -Not -Match 'NonInteractive'
    }

    It 'tells a store that is not there yet from a broken one' {
        $none = Join-Path $TestDrive ('none' + [guid]::NewGuid().ToString('N'))
        Test-ImageStore $none -Quiet | Should -BeTrue
        @(Repair-ImageStore $none -ErrorAction Stop) | Should -BeNullOrEmpty
        (Optimize-ImageStore $none -ErrorAction Stop).BytesFreed | Should -Be 0
        Test-Path -LiteralPath $none | Should -BeFalse -Because 'nothing is made'
    }

    It 'shows findings as a table and as a list' {
        Remove-Item -LiteralPath (Get-BlobPath $image.layers[0].digest) -Force
        $found = Test-ImageStore
        $table = $found | Out-String -Width 200
        $table | Should -Match 'Store: local'
        $table | Should -Match 'Severity\s+Kind\s+Image\s+Message'
        $table | Should -Match "Error\s+MissingBlob\s+$([regex]::Escape("$address/team/app:1"))\s+The content"
        $list = $found | Format-List | Out-String -Width 300
        foreach ($name in 'Severity', 'Kind', 'Image', 'Message', 'Action', 'Repaired', 'Digest', 'Path', 'Size', 'Store') { $list |
            Should -Match "(?m)^(\x1b\[[\d;]*m)?$name\s*:" }
        Optimize-ImageStore | Out-String -Width 120 | Should -Match 'Store\s+Blobs\s+Downloads\s+Leftovers\s+Quarantined\s+Freed'
    }

    It 'shows one progress activity for a store, and completes it' {
        $path = Get-TestModulePath
        $job = Start-Job { Import-Module $using:path; $env:IMGSPS_STORE = $using:store; Test-ImageStore -Full }
        $null = Wait-Job $job
        $records = @($job.ChildJobs[0].Progress | Where-Object Activity -Like 'Testing*')
        Remove-Job $job
        $records.Activity | Select-Object -Unique | Should -Be 'Testing local'
        $records[-1].RecordType | Should -Be 'Completed'
        ($records.PercentComplete | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 100
    }

    It 'completes the names of stores: <Command>' -ForEach @(
        @{ Command = 'Test-ImageStore' }
        @{ Command = 'Repair-ImageStore' }
        @{ Command = 'Optimize-ImageStore' }
    ) {
        $line = "$Command lo"
        ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText |
            Should -Contain 'local'
    }
}
