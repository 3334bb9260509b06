# A store trusts nobody (SF1 to SF7): whatever stands in it, whoever put it there, and whenever, nothing outside its root changes, no
# command hangs, nothing of root's is told, and a store of another user is changed only by leave.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/HostileFiles.psm1" -Force
    $reason = Get-NotHostileReason
    $cases = @(Get-HostileCase | ForEach-Object { @{ Kind = $_.Kind; Place = $_.Place } })
    $rights = @(Get-HostileCase -Rights | ForEach-Object { @{ Kind = $_.Kind; Place = $_.Place } })
    $swapped = @(Get-SwappedPlace | ForEach-Object { @{ Place = $_ } })
    $changing = @((Get-HostileCommand Change).Keys | ForEach-Object { @{ Command = $_ } })
    $reading = @((Get-HostileCommand Read).Keys | ForEach-Object { @{ Command = $_ } })
    $writingNothing = @((Get-HostileCommand Quiet).Keys | ForEach-Object { @{ Command = $_ } })
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1", "$PSScriptRoot/HostileFiles.psm1" -Force
    Import-TestModule
    $reason = Get-NotHostileReason
    if ($reason) { return }
    Import-HostileType
    $registry = Start-TestRegistry
    $address = $registry.Host
    $folder = New-HostileFolder
    [HostileFiles.Linux]::SetMode($folder, 0x1ED)
    $kept = @{ Mask = [HostileFiles.Linux]::SetMask(0x12); Store = $env:IMGSPS_STORE; Shared = $env:IMGSPS_SHARED_STORES }
    $env:IMGSPS_STORE = Join-Path $folder 'unused'
    $env:IMGSPS_SHARED_STORES = $null
    $otherUser = @(Get-OtherUser)
    $reads, $changes, $quiet = (Get-HostileCommand Read), (Get-HostileCommand Change), (Get-HostileCommand Quiet)
    $results = @{}

    # Another user must be able to read what it runs.
    $place = Join-Path $folder 'tests'
    $null = New-Item -ItemType Directory -Path $place
    Copy-Item -Path "$PSScriptRoot/Hostile*", "$PSScriptRoot/TestSession.psm1" -Destination $place
    Copy-Item -LiteralPath ([System.IO.Path]::GetDirectoryName((Get-TestModulePath))) -Destination "$place/ImgsPS" -Recurse
    [HostileFiles.Tree]::Give($place, 0, 0x1ED, 0x1A4)

    # Runs one of the worker's runs in a process of its own, and keeps what it found by kind and place.
    function Invoke-HostileRun([string] $Run, [string[]] $Shell = @(Get-TestShell)) {
        $program, [string[]] $starter = $Shell
        $said = & $program @starter -NoProfile -NonInteractive -File "$place/HostileStoreWorker.ps1" -Module "$place/ImgsPS/ImgsPS.psd1" `
            -Registry $address -Folder $folder -Run $Run 2>&1
        $file = "$folder/$Run/result.json"
        if (-not (Test-Path -LiteralPath $file)) { throw "The worker left no result: $said" }
        $result = Get-Content -LiteralPath $file -Raw | ConvertFrom-Json -AsHashtable
        foreach ($row in $result.Rows) { $results["$Run|$($row.Kind)|$($row.Place)"] = $row }
        Write-Host ('    {0}: {1} commands over {2} places of hostile stores, {3} trades, in {4} s' -f
            $Run, $result.Runs, $result.Rows.Count, $result.Trades, $result.Seconds)
        $result
    }

    # Copies of a store in which one place is root's: for all reads together, and for each change.
    function New-RootedStore {
        foreach ($row in Get-HostileCase -Rights | Where-Object Kind -EQ 'owned by root') {
            $name = $row.Place
            foreach ($fact in $facts.Keys) { $name = $name.Replace('{' + $fact.ToLowerInvariant() + '}', $facts[$fact]) }
            foreach ($command in @('read') + @((Get-HostileCommand FewChanges).Keys)) {
                $copy = "$folder/rooted/$($row.Place.Replace('/', '+'))/$command"
                $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($copy))
                [HostileFiles.Tree]::Copy("$folder/foreign", $copy)
                [HostileFiles.Linux]::Own("$copy/$name", 0)
                [HostileFiles.Linux]::SetMode("$copy/$name", $(if ($row.Type -eq 'folder') { 0x1C0 } else { 0x180 }))
            }
        }
    }

    # A copy of a template: own is root's, foreign another user's.
    $copies = 0
    function New-StoreCopy([string] $Template = 'foreign') {
        $script:copies++
        [HostileFiles.Tree]::Copy("$folder/$Template", "$folder/copy-$script:copies")
        "$folder/copy-$script:copies"
    }

    # A repair has something to change only where there is damage: a layer with other bytes.
    function New-StoreToChange([string] $Command) {
        $store = New-StoreCopy
        if ($Command -like 'Repair*') { Set-Damage "$store/blobs/sha256/$($facts.Layer)" }
        $store
    }

    # Other bytes, as many as there were.
    function Set-Damage([string] $Path) { [System.IO.File]::WriteAllText($Path, 'x' * (Get-Item -LiteralPath $Path).Length) }

    # Runs a command of the matrix here. Its errors are in Errors.
    function Invoke-StoreCommand([scriptblock] $Script, [string] $Store, [hashtable] $Allowed = @{}) {
        Invoke-Hostile $runspace "$Script" @{ S = $Store; H = $address; D = $facts.Dangling; A = $Allowed } 20
    }

    function Get-Difference([string] $Path, $Before) {
        [HostileFiles.Tree]::Compare($Before, [HostileFiles.Tree]::Look($Path, $true)) -join "`n"
    }

    $runspace = New-HostileRunspace (Get-TestModulePath)
    $matrix = Invoke-HostileRun matrix
    $facts = Get-Content -LiteralPath "$folder/facts.json" -Raw | ConvertFrom-Json -AsHashtable
    $swap = Invoke-HostileRun swap
    $null = New-Item -ItemType Directory -Path "$folder/rights", "$folder/home"
    New-RootedStore
    foreach ($own in "$folder/rights", "$folder/home") { [HostileFiles.Linux]::Own($own, 65534) }
    $otherShell = @(Get-OtherUserShell (Get-TestShell) $folder)
    $null = Invoke-HostileRun rights ($otherUser + '/usr/bin/env' + "HOME=$folder/home" + $otherShell)
}

AfterAll {
    if ($reason) { return }
    $null = [HostileFiles.Linux]::SetMask($kept.Mask)
    $env:IMGSPS_STORE = $kept.Store
    $env:IMGSPS_SHARED_STORES = $kept.Shared
    $runspace.Dispose()
    Stop-TestRegistry $registry
    [HostileFiles.Tree]::Delete($folder)
}

Describe 'A store in which something else stands' -Skip:([bool]$reason) {
    It '<Kind> at <Place>: nothing outside changes, nothing hangs, what is wrong is said (SF1, SF3, SF4, SF5)' -ForEach $cases {
        $row = $results["matrix|$Kind|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 11
        $row.Deviations | Should -BeNullOrEmpty
    }
}

Describe 'A place that is exchanged for a link while commands work' -Skip:([bool]$reason) {
    It '<Place>: nothing outside changes and nothing hangs (SF1)' -ForEach $swapped {
        $row = $results["swap|exchanged|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 40
        $row.Deviations | Should -BeNullOrEmpty
    }

    It 'is exchanged often' { $swap.Trades | Should -BeGreaterThan 1000 }
}

Describe 'A store of a user who is not root' -Skip:([bool]$reason) {
    It '<Place> with <Kind>: nothing hangs, what is wrong is said (SF1, SF5)' -ForEach $rights {
        $row = $results["rights|$Kind|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 14
        $row.Deviations | Should -BeNullOrEmpty
    }
}

Describe 'A store of another user' -Skip:([bool]$reason) {
    It 'is not changed by <Command>; the error names the owner and the ways out (SF3)' -ForEach $changing {
        $store = New-StoreToChange $Command
        $before = [HostileFiles.Tree]::Look($store, $true)
        $answer = Invoke-StoreCommand $changes[$Command] $store
        $answer.Hangs | Should -BeFalse
        $answer.Errors.Count | Should -Be 1 -Because $answer.Said
        $answer.Said | Should -Match 'nobody|65534'
        $answer.Said | Should -Match '-AllowSharedStore'
        $answer.Said | Should -Match 'IMGSPS_SHARED_STORES'
        Get-Difference $store $before | Should -Be ''
    }

    It 'is changed by <Command> with -AllowSharedStore, and when IMGSPS_SHARED_STORES lists it (SF3)' -ForEach $changing {
        $separator = [System.IO.Path]::PathSeparator
        foreach ($way in 'switch', 'list', 'every') {
            $store = New-StoreToChange $Command
            $before = [HostileFiles.Tree]::Look($store, $true)
            $env:IMGSPS_SHARED_STORES = switch ($way) { 'list' { "/srv/other$separator$store" } 'every' { '*' } default { $null } }
            try {
                $allowed = if ($way -eq 'switch') { @{ AllowSharedStore = $true } } else { @{} }
                $answer = Invoke-StoreCommand $changes[$Command] $store $allowed
            } finally { $env:IMGSPS_SHARED_STORES = $null }

            $answer.Said | Should -Be '' -Because $way
            Get-Difference $store $before | Should -Not -Be '' -Because $way
        }
    }

    It 'is not changed when IMGSPS_SHARED_STORES lists another (SF3)' {
        $store = New-StoreCopy
        $before = [HostileFiles.Tree]::Look($store, $true)
        foreach ($list in "$store-2", '/srv/other', $store.Substring(0, $store.Length - 1), [string][System.IO.Path]::PathSeparator) {
            $env:IMGSPS_SHARED_STORES = $list
            try { $answer = Invoke-StoreCommand $changes['Remove-Image'] $store } finally { $env:IMGSPS_SHARED_STORES = $null }
            $answer.Said | Should -Match '-AllowSharedStore' -Because $list
        }

        Get-Difference $store $before | Should -Be ''
    }

    It 'is read by <Command>, which writes nothing into it, whether it is whole or damaged (SF3, SF4)' -ForEach $reading {
        foreach ($damage in 'none', 'no catalog', 'a manifest', 'a config', 'index.json') {
            $store = New-StoreCopy
            switch ($damage) {
                'no catalog' { [System.IO.File]::Delete("$store/.imgsps/catalog.json") }
                'a manifest' { Set-Damage "$store/blobs/sha256/$($facts.Manifest)" }
                'a config' { Set-Damage "$store/blobs/sha256/$($facts.Config)" }
                'index.json' { Set-Damage "$store/index.json" }
            }

            $before = [HostileFiles.Tree]::Look($store, $true)
            $answer = Invoke-StoreCommand $reads[$Command] $store
            $answer.Hangs | Should -BeFalse
            if ($damage -in 'none', 'no catalog') {
                $answer.Said | Should -Be ''
                if ($Command -notlike 'Test*') { $answer.Output.Count | Should -BeGreaterThan 0 }
            }

            Get-Difference $store $before | Should -Be '' -Because $damage
        }
    }

    It 'is one when <What> (SF3)' -ForEach @(
        @{ What = 'all may write into its root'; Make = { param($Store) [HostileFiles.Linux]::SetMode($Store, 0x1FF) } }
        @{ What = 'another group may write into its root'; Make = { param($Store)
                chgrp 65534 $Store
                [HostileFiles.Linux]::SetMode($Store, 0x1FD) } }
        @{ What = 'its root is another user''s'; Make = { param($Store) chown 65534 $Store } }
        @{ What = 'its .imgsps is another user''s'; Make = { param($Store) chown 65534 "$Store/.imgsps" } }
        @{ What = 'all may write into its .imgsps'; Make = { param($Store) [HostileFiles.Linux]::SetMode("$Store/.imgsps", 0x1FF) } }
        @{ What = 'its index.json is another user''s'; Make = { param($Store) chown 65534 "$Store/index.json" } }
    ) {
        $store = New-StoreCopy 'own'
        & $Make $store
        $before = [HostileFiles.Tree]::Look($store, $true)
        $answer = Invoke-StoreCommand $changes['Remove-Image'] $store
        $answer.Said | Should -Match '-AllowSharedStore'
        Get-Difference $store $before | Should -Be ''
    }

    It 'is none when it is root''s and only root may write it, though all may read it (SF3)' {
        $store = New-StoreCopy 'own'
        [HostileFiles.Tree]::Give($store, 0, 0x1ED, 0x1A4)
        foreach ($command in $changes.Keys) { (Invoke-StoreCommand $changes[$command] $store).Said | Should -Be '' -Because $command }
    }
}

Describe 'A store that is the user''s' -Skip:([bool]$reason) {
    It 'is not written to by <Command>, though it has no catalog and damage (SF4)' -ForEach $writingNothing {
        $store = New-StoreCopy 'own'
        [System.IO.File]::Delete("$store/.imgsps/catalog.json")
        $manifest = "$store/blobs/sha256/$($facts.Manifest)"
        $bytes = [System.IO.File]::ReadAllText($manifest)
        [System.IO.File]::WriteAllText($manifest, $bytes.Replace('{', '['))
        $before = [HostileFiles.Tree]::Look($store, $true)
        (Invoke-StoreCommand $quiet[$Command] $store).Hangs | Should -BeFalse
        Get-Difference $store $before | Should -Be ''
    }

    It 'is closed to others when ImgsPS makes it, whatever the umask (SF3)' {
        $store = Join-Path $folder 'new/store'
        $answer = Invoke-StoreCommand $changes['Invoke-ImagePull of a new image'] $store
        $answer.Said | Should -Be ''
        $null = Invoke-StoreCommand $changes['Invoke-ImagePull of an image that is there'] $store
        $null = Invoke-StoreCommand $reads['Get-Image'] $store
        foreach ($command in 'Add-ImageTag', 'Remove-Image', 'Optimize-ImageStore') {
            $null = Invoke-StoreCommand $changes[$command] $store
        }

        Test-Path -LiteralPath "$store/.imgsps/catalog.json" | Should -BeTrue
        [HostileFiles.Tree]::OpenToOthers($store) | Should -BeNullOrEmpty
    }

    It 'keeps the rights of a folder that was there (SF3)' {
        $store = Join-Path $folder 'given'
        $null = New-Item -ItemType Directory -Path $store
        [HostileFiles.Linux]::SetMode($store, 0x1E8)
        (Invoke-StoreCommand $changes['Invoke-ImagePull of a new image'] $store).Said | Should -Be ''
        [HostileFiles.Linux]::Stat($store).Mode | Should -Be 0x1E8
    }

    It 'may have a root that is a link (SF1)' {
        foreach ($command in $reads.Keys + $changes.Keys) {
            $all = if ($reads.Contains($command)) { $reads } else { $changes }
            $store = New-StoreCopy 'own'
            [HostileFiles.Linux]::Link($store, "$store-link")
            $answer = Invoke-StoreCommand $all[$command] "$store-link"
            $answer.Said | Should -Be '' -Because $command
            [HostileFiles.Linux]::Stat("$store-link").IsLink | Should -BeTrue
        }
    }

    It 'may share blobs with another by second names, and never writes them (SF1)' {
        $store = New-StoreCopy 'own'
        $other = New-StoreCopy 'own'
        foreach ($file in [System.IO.Directory]::GetFiles("$other/blobs/sha256")) {
            [System.IO.File]::Delete($file)
            [HostileFiles.Linux]::SecondName("$store/blobs/sha256/$([System.IO.Path]::GetFileName($file))", $file)
        }

        $names = [HostileFiles.Tree]::Look($store, $true).Keys
        foreach ($command in $reads.Keys) { (Invoke-StoreCommand $reads[$command] $store).Said | Should -Be '' -Because $command }
        foreach ($command in $changes.Keys) { (Invoke-StoreCommand $changes[$command] $other).Said | Should -Be '' -Because $command }
        [HostileFiles.Tree]::Look($store, $true).Keys -like 'blobs/*' | Should -Be ($names -like 'blobs/*')
        (Invoke-StoreCommand $reads['Test-ImageStore -Full'] $store).Output |
            Where-Object Severity -EQ Error | Should -BeNullOrEmpty
    }
}

Describe 'Evidence' -Skip:([bool]$reason) {
    It 'of a broken <File> is the file itself, moved, with the rights that it had (SF2)' -ForEach @(
        @{ File = 'index.json'; Command = 'Add-ImageTag' }
        @{ File = 'index.json'; Command = 'Repair-ImageStore -Full' }
        @{ File = 'oci-layout'; Command = 'Repair-ImageStore -Full' }
        @{ File = '.imgsps/version'; Command = 'Repair-ImageStore -Full' }
        @{ File = '.imgsps/index.prev.json'; Command = 'Repair-ImageStore -Full' }
    ) {
        foreach ($mode in 0x180, 0x1A0, 0x100) {
            $store = New-StoreCopy 'own'
            [System.IO.File]::WriteAllText("$store/$File", 'broken, and nobody else may read it')
            [HostileFiles.Linux]::SetMode("$store/$File", $mode)
            $before = [HostileFiles.Linux]::Stat("$store/$File")
            $null = Invoke-StoreCommand $changes[$Command] $store
            $kept = @([System.IO.Directory]::GetFiles([System.IO.Path]::GetDirectoryName("$store/$File")) |
                    Where-Object { $_ -like "$store/$File.corrupt-*" -and $_ -notlike '*20240101T000000000Z' })
            $kept | Should -HaveCount 1
            $after = [HostileFiles.Linux]::Stat($kept[0])
            $after.Inode | Should -Be $before.Inode
            $after.Mode | Should -Be $before.Mode
            $after.Uid | Should -Be 0
            [HostileFiles.Tree]::FilesWith($store, 'nobody else may read it', $kept[0]) | Should -BeNullOrEmpty
        }
    }
}

Describe 'A command that waits' -Skip:([bool]$reason) {
    It 'ends when it is stopped, at <At> (SF5)' -ForEach @(
        @{ At = 'index.json that is a pipe'; Command = 'Get-Image'; Pipe = 'index.json' }
        @{ At = 'oci-layout that is a pipe'; Command = 'Add-ImageTag'; Pipe = 'oci-layout' }
        @{ At = 'a catalog that is a pipe'; Command = 'Get-Image'; Pipe = '.imgsps/catalog.json' }
        @{ At = 'a lock that another holds'; Command = 'Add-ImageTag'; Held = '.imgsps/locks/store.lock' }
        @{ At = 'a download''s lock that another holds'; Command = 'Invoke-ImagePull of a new image'; Held = '.imgsps/ingest/{key}/lock' }
    ) {
        $store = New-StoreCopy 'own'
        if ($Pipe) {
            [System.IO.File]::Delete("$store/$Pipe")
            [HostileFiles.Linux]::Pipe("$store/$Pipe")
        } else {
            # What holds it keeps it for longer than every limit of the test.
            $lock = [System.IO.File]::Open("$store/$($Held.Replace('{key}', $facts.Key))", 'Open', 'ReadWrite', 'None')
        }

        $waiting = New-HostileRunspace (Get-TestModulePath)
        try {
            # A store's lock is waited for 30 s: one that did not hear of the stop would be lost here.
            $script = if ($reads.Contains($Command)) { $reads[$Command] } else { $changes[$Command] }
            $answer = Invoke-Hostile $waiting "$script" @{ S = $store; H = $address; D = $facts.Dangling; A = @{} } 1.5
            $answer.Lost | Should -BeFalse
            if ($Held) { $answer.Hangs | Should -BeTrue -Because 'it must be waiting to be stopped' }
        } finally {
            if ($Pipe) { [HostileFiles.Linux]::Release("$store/$Pipe") } else { $lock.Dispose() }
            $waiting.Dispose()
        }
    }

    It 'for another''s download says so, and goes on when it is done (SF6)' {
        $store = New-StoreCopy 'own'
        $lock = [System.IO.File]::Open("$store/.imgsps/ingest/$($facts.Key)/lock", 'Open', 'ReadWrite', 'None')
        try {
            $answer = Invoke-Hostile $runspace "$($changes['Invoke-ImagePull of a new image'])" @{
                S = $store; H = $address; D = ''; A = @{} } 14
        } finally { $lock.Dispose() }

        $answer.Lost | Should -BeFalse
        $answer.Warnings | Should -Match 'download'
    }
}

Describe 'The locks of a store' -Skip:([bool]$reason) {
    It 'cannot be opened by another user while <What> (SF6)' -ForEach @(
        @{ What = 'the store is new'; Given = $false }
        @{ What = 'its folder, which all may read, was there before'; Given = $true }
    ) {
        $store = Join-Path $folder "locks-$Given"
        if ($Given) {
            $null = New-Item -ItemType Directory -Path $store
            [HostileFiles.Linux]::SetMode($store, 0x1ED)
        }

        $image = Invoke-TestRegistry $registry images @{ reference = 'team/slow:1'
            image = @{ layers = @(@{ seed = 91; size = 200000; gzip = $false }) } }
        Add-TestFault $registry @{ action = 'stall'; match = "^GET .*/blobs/$($image.layers[0].digest)"; bytes = 100000 }
        $pull = Start-TestPipeline "Invoke-ImagePull '$address/team/slow:1' -Store '$store'"
        try {
            # A lock of each kind is there when the layer is on its way.
            $deadline = [datetime]::UtcNow.AddSeconds(60)
            $locks = @()
            while ([datetime]::UtcNow -lt $deadline -and -not ($locks -like '*/ingest/*' -and $locks -like '*/leases/*')) {
                Start-Sleep -Milliseconds 50
                if (Test-Path -LiteralPath "$store/.imgsps") {
                    $locks = @([System.IO.Directory]::GetFiles("$store/.imgsps", '*lock', 'AllDirectories')) }
            }

            foreach ($kind in 'ingest', 'leases', 'locks') { $locks -like "*/.imgsps/$kind/*" | Should -Not -BeNullOrEmpty }
            foreach ($lock in $locks) {
                & cat $lock | Should -BeNullOrEmpty
                & $otherUser[0] $otherUser[1..9] cat $lock 2>&1 | Out-String | Should -Match 'Permission denied'
            }
        } finally {
            $pull.PowerShell.Stop()
            $pull.PowerShell.Dispose()
            Reset-TestRegistry $registry
        }
    }
}

Describe 'Content that somebody planted' -Skip:([bool]$reason) {
    It 'is hashed, put aside and fetched when <What> (SF7)' -ForEach @(
        @{ What = 'the store is another user''s'; Template = 'foreign'; Owner = 65534; Allowed = @{ AllowSharedStore = $true } }
        @{ What = 'the file is another user''s'; Template = 'own'; Owner = 65534; Allowed = @{ AllowSharedStore = $true } }
        @{ What = 'the store is root''s and its catalog does not know it'; Template = 'own'; Owner = 0; Allowed = @{} }
    ) {
        $store = New-StoreCopy $Template
        $layer = (Invoke-RestMethod "http://$address/v2/team/new/manifests/1" -Headers @{
                Accept = 'application/vnd.oci.image.manifest.v1+json' }).layers[0]
        $hex = $layer.digest.Substring(7)
        [System.IO.Directory]::Delete("$store/.imgsps/ingest/$($facts.Key)", $true)
        [System.IO.File]::WriteAllBytes("$store/blobs/sha256/$hex", [byte[]]::new($layer.size))
        [HostileFiles.Linux]::Own("$store/blobs/sha256/$hex", $Owner)
        $answer = Invoke-StoreCommand $changes['Invoke-ImagePull of a new image'] $store $Allowed
        $answer.Said | Should -Be ''
        $answer.Told | Should -Not -Match "$($hex.Substring(0, 12)): Already exists"
        (Get-FileHash -LiteralPath "$store/blobs/sha256/$hex" -Algorithm SHA256).Hash | Should -Be $hex
        [System.IO.Directory]::GetFiles("$store/.imgsps/quarantine", "sha256-$hex.*") | Should -HaveCount 1
    }

    It 'is kept when its hash is right (SF7)' {
        $planted = New-StoreCopy 'foreign'
        $layer = (Invoke-RestMethod "http://$address/v2/team/trashed/manifests/1" -Headers @{
                Accept = 'application/vnd.oci.image.manifest.v1+json' }).layers[0].digest
        [System.IO.File]::Move("$planted/.imgsps/trash/$($facts.Trashed)", "$planted/blobs/sha256/$($layer.Substring(7))")
        Reset-TestRegistry $registry
        $answer = Invoke-StoreCommand $changes['Invoke-ImagePull of content in the trash'] $planted @{ AllowSharedStore = $true }
        $answer.Said | Should -Be ''
        Get-TestRequest $registry | Where-Object { $_ -like "*/blobs/$layer" } | Should -BeNullOrEmpty
    }
}

# Folders that lead elsewhere, without a privilege: junctions on Windows, symbolic links on other systems.
Describe 'A folder of a store that is a junction or a link' {
    BeforeAll {
        $linked = Start-TestRegistry
        $type = if ($env:OS -eq 'Windows_NT') { 'Junction' } else { 'SymbolicLink' }
        $base = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-linked-' + [guid]::NewGuid().ToString('N'))
        $null = Add-TestImage $linked 'team/app:1' @{ layers = @(@{ seed = 2; size = 1100 }) }
        $null = Add-TestImage $linked 'team/new:1' @{ layers = @(@{ seed = 7; size = 140000; gzip = $false }) }

        function Get-Outside {
            @(Get-ChildItem -LiteralPath "$base/victim" -Recurse -Force | Sort-Object FullName | ForEach-Object {
                    $hash = if (-not $_.PSIsContainer) { (Get-FileHash -LiteralPath $_.FullName).Hash }
                    '{0} {1:o} {2}' -f $_.FullName, $_.LastWriteTimeUtc, $hash
                }) -join "`n"
        }
    }

    AfterAll {
        Stop-TestRegistry $linked
        if ([System.IO.Directory]::Exists($base)) { [System.IO.Directory]::Delete($base, $true) }
    }

    It '<Place>: nothing outside changes (SF1)' -ForEach @(
        '.imgsps', '.imgsps/ingest', '.imgsps/locks', '.imgsps/leases', '.imgsps/quarantine', '.imgsps/trash', 'blobs', 'blobs/sha256' |
            ForEach-Object { @{ Place = $_ } }
    ) {
        if ([System.IO.Directory]::Exists($base)) { [System.IO.Directory]::Delete($base, $true) }
        foreach ($store in "$base/store", "$base/victim/other") {
            $null = Invoke-ImagePull "$($linked.Host)/team/app:1" -Store $store -ErrorAction Stop
            foreach ($name in 'ingest', 'leases', 'quarantine', 'trash') {
                $null = [System.IO.Directory]::CreateDirectory("$store/.imgsps/$name")
            }

        }

        $hex = 'cd' * 32
        foreach ($file in ".imgsps/trash/sha256-$hex", ".imgsps/quarantine/sha256-$hex.20240101T000000000Z", ".imgsps/ingest/$hex/data",
            '.imgsps/leases/00000000000000000000000000000000.lock', '.imgsps/payroll.txt', '.imgsps/trash/payroll.txt', 'payroll.txt') {
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName("$base/victim/other/$file"))
            [System.IO.File]::WriteAllText("$base/victim/other/$file", 'of another')
        }

        [System.IO.Directory]::Delete("$base/store/$Place", $true)
        $null = New-Item -ItemType $type -Path "$base/store/$Place" -Value "$base/victim/other/$Place"
        $before = Get-Outside
        $failed = @()
        foreach ($command in (Get-HostileCommand Read), (Get-HostileCommand Change)) {
            foreach ($name in $command.Keys) {
                # Errors are as welcome as none.
                try { $null = & $command[$name] "$base/store" $linked.Host ('0' * 12) @{} 2>&1 } catch { Write-Debug "$name`: $_" }
                $after = Get-Outside
                if ($after -ne $before) { $failed += $name; $before = $after }
            }
        }

        $failed | Should -BeNullOrEmpty
        (Get-Item -LiteralPath "$base/store/$Place" -Force).LinkType | Should -Be $type
    }
}
