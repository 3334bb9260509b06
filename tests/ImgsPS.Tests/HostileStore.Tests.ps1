# A store trusts nobody (SF1 to SF7): whatever stands in it, whoever put it there, and whenever, nothing outside its root changes, no command
# hangs, nothing of root's is told, and a store of another user is changed only by leave.
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
    $otherUser = @('/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')
    $reads, $changes, $quiet = (Get-HostileCommand Read), (Get-HostileCommand Change), (Get-HostileCommand Quiet)
    $results = @{}

    # Another user must be able to read what it runs.
    $place = Join-Path $folder 'tests'
    $null = New-Item -ItemType Directory -Path $place
    Copy-Item -Path "$PSScriptRoot/Hostile*", "$PSScriptRoot/TestSession.psm1" -Destination $place
    Copy-Item -LiteralPath ([System.IO.Path]::GetDirectoryName((Get-TestModulePath))) -Destination "$place/ImgsPS" -Recurse
    [HostileFiles.Tree]::Give($place, 0, 0x1ED, 0x1A4)

    # Runs one of the worker's runs in a process of its own, and keeps what it found by kind and place.
    function Invoke-HostileRun([string] $Run, [string[]] $Prefix = @()) {
        $program, [string[]] $starter = $Prefix + @(Get-TestShell)
        $said = & $program @starter -NoProfile -NonInteractive -File "$place/HostileStoreWorker.ps1" -Module "$place/ImgsPS/ImgsPS.psd1" `
            -Registry $address -Folder $folder -Run $Run 2>&1
        $file = "$folder/$Run.json"
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
            foreach ($command in @('read') + @((Get-HostileCommand RightsChange).Keys)) {
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
    $program = @(Get-TestShell)[0]
    & $otherUser[0] $otherUser[1..9] test -x $program
    $canBeOther = $LASTEXITCODE -eq 0
    if ($canBeOther) { $asOther = Invoke-HostileRun rights ($otherUser + '/usr/bin/env', "HOME=$folder/home") }
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

Describe 'A store in which stands <Kind>' -Skip:([bool]$reason) {
    It 'in the place of <Place>: nothing outside changes, nothing hangs, what is wrong is said (SF1, SF3, SF4, SF5)' -ForEach $cases {
        $row = $results["matrix|$Kind|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 20
        $row.Deviations -join "`n" | Should -Be ''
    }
}

Describe 'A place that is exchanged for a link while commands work' -Skip:([bool]$reason) {
    It '<Place>: nothing outside changes and nothing hangs (SF1)' -ForEach $swapped {
        $row = $results["swap|exchanged|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 40
        $row.Deviations -join "`n" | Should -Be ''
    }

    It 'is exchanged often' { $swap.Trades | Should -BeGreaterThan 1000 }
}

Describe 'A store of a user who is not root' -Skip:([bool]$reason) {
    It '<Place> with <Kind>: nothing hangs, what is wrong is said (SF1, SF5)' -ForEach $rights {
        if (-not $canBeOther) { Set-ItResult -Skipped -Because "user 65534 may not run $program"; return }
        $row = $results["rights|$Kind|$Place"]
        $row.Runs | Should -BeGreaterOrEqual 12
        $row.Deviations -join "`n" | Should -Be ''
    }
}
