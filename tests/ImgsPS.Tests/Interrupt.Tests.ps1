# Ctrl+C in a real PowerShell in a real terminal (RN12, RS2): the prompt comes back, the store is valid, the next run goes on.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1", "$PSScriptRoot/Terminal.psm1" -Force
    Import-TestModule
    $noTerminal = Get-NoTerminalReason
    $registry = Start-TestRegistry
    $address = $registry.Host
    $size = 3000000
    $image = Add-TestImage $registry 'team/app:1' @{
        layers = @(@{ seed = 1; size = 4000; gzip = $false }, @{ seed = 2; size = $size; gzip = $false }) }
    $big = $image.layers[1]

    # Bytes of unfinished downloads that are in the store's files.
    function Get-PartialBytes {
        $files = Get-ChildItem -Path (Join-Path $store '.imgsps/ingest') -Recurse -File -Filter data -ErrorAction Ignore
        [long]($files | Measure-Object Length -Sum).Sum
    }

    # One PowerShell takes every Ctrl+C of these tests: that it goes on is part of what they show.
    if (-not $noTerminal) {
        $terminal = Start-TestTerminal (@(Get-TestShell) + '-NoProfile', '-NoLogo')
        Wait-Until 'the first prompt' { (Get-Screen $terminal) -match '(?m)^PS .*>\s*$' } -Terminal $terminal
        Send-Line $terminal "Import-Module '$(Get-TestModulePath)'"
    }

    # Types a command, waits for the moment, presses Ctrl+C, and returns the milliseconds until the command had ended.
    function Measure-Interrupt([string] $Command, [scriptblock] $Moment) {
        $number = [guid]::NewGuid().ToString('N').Substring(0, 8)
        $ended = Join-Path $terminal.Folder $number
        Send-Line $terminal "Clear-Host; `$env:IMGSPS_STORE = '$store'; `$Error.Clear(); 'ready ' + '$number'"
        Wait-Until 'the prompt' { (Get-Screen $terminal) -match "(?m)^ready $number" } -Terminal $terminal
        Send-Line $terminal "try { $Command; 'fin' + 'ished' } finally { `$null = New-Item '$ended' }"
        Wait-Until 'the command to be busy' $Moment -Terminal $terminal
        Test-Path -LiteralPath $ended | Should -BeFalse -Because 'the command must be at work'
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        Send-Key $terminal C-c
        # Every limit of the client is longer.
        Wait-Until 'the command to end' { Test-Path -LiteralPath $ended } -Seconds 40 -Terminal $terminal
        $milliseconds = $watch.ElapsedMilliseconds

        # It is a prompt again, and nothing was written: no error, no object.
        Send-Line $terminal "'errors: ' + `$Error.Count"
        Wait-Until 'the prompt' { (Get-Screen $terminal) -match '(?m)^errors: 0' } -Terminal $terminal
        Get-Screen $terminal | Should -Not -Match '(?m)^finished'
        $milliseconds
    }
}

AfterAll {
    if (-not $noTerminal) { Stop-TestTerminal $terminal }
    Stop-TestRegistry $registry
}

Describe 'Ctrl+C' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
    }

    AfterEach {
        $null = Invoke-TestRegistry $registry options @{ auth = 'none' }
        Remove-TestStore $store
    }

    It 'in the middle of a pull returns at once, leaves a valid store, and the next run resumes and says where (RN12, RN15, RS2)' {
        if ($noTerminal) { Set-ItResult -Skipped -Because $noTerminal; return }
        Add-TestFault $registry @{ action = 'slow'; match = "^GET .*/blobs/$($big.digest)"; bytes = 400000 }
        $milliseconds = Measure-Interrupt "Invoke-ImagePull $address/team/app:1" { (Get-PartialBytes) -gt 200000 }
        Write-Host "    Ctrl+C in a layer: PowerShell was back after $milliseconds ms"

        @(Test-ImageStore -Full -ErrorAction Stop | Where-Object Severity -EQ Error) | Should -BeNullOrEmpty
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        Get-Image | Should -BeNullOrEmpty

        Reset-TestRegistry $registry
        $records = Invoke-ImagePull "$address/team/app:1" -Verbose 4>&1
        ($records | Where-Object { $_ -is [ImgsPS.Image] }).Id | Should -Be $image.id
        $line = @($records | ForEach-Object { "$_" } | Where-Object { $_ -match 'Resumed at' })
        $line | Should -HaveCount 1
        $line[0] -match 'Resumed at (\d+) of (\d+) bytes' | Should -BeTrue
        $at = [long]$Matches[1]
        $at | Should -BeGreaterThan 200000
        [long]$Matches[2] | Should -Be $big.size
        Write-Host "    the next run resumed at $at of $($big.size) bytes"

        # What is said is what is done: only the rest came over the wire.
        $request = Invoke-TestRegistry $registry requests -Method Get | ForEach-Object { $_ } |
            Where-Object { $_.path -like "*/blobs/$($big.digest)" }
        @($request) | Should -HaveCount 1
        @($request.headers | Where-Object name -EQ Range).value | Should -Be "bytes=$at-"
        $request.bytesSent | Should -Be ($big.size - $at)
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        @(Test-ImageStore -Full -ErrorAction Stop) | Should -BeNullOrEmpty
    }

    It 'at <Where> returns at once (RN12)' -ForEach @(
        @{ Where = 'a registry that is silent before its answer'; Match = '^(GET|HEAD) .*/manifests/';
            Action = @{ action = 'stall'; bytes = -1 }; Auth = 'none' }
        @{ Where = 'a manifest that stops in the middle'; Match = '^GET .*/manifests/'; Action = @{ action = 'stall'; bytes = 20 };
            Auth = 'none' }
        @{ Where = 'a token service that is silent'; Match = '^(GET|POST) /token'; Action = @{ action = 'stall'; bytes = -1 };
            Auth = 'bearer' }
        @{ Where = 'a layer that stops in the middle'; Match = '^GET .*/blobs/'; Action = @{ action = 'stall'; bytes = 1000 };
            Auth = 'none' }
        @{ Where = 'the pause before another try'; Match = '^(GET|HEAD) .*/manifests/';
            Action = @{ action = 'status'; status = 503; headers = @{ 'Retry-After' = '50' } }; Auth = 'none' }
    ) {
        if ($noTerminal) { Set-ItResult -Skipped -Because $noTerminal; return }
        $null = Invoke-TestRegistry $registry options @{ auth = $Auth; anonymousPull = $true }
        Add-TestFault $registry ($Action + @{ match = $Match })
        $pattern = $Match
        $milliseconds = Measure-Interrupt "Invoke-ImagePull $address/team/app:1" { (Get-TestRequest $registry) -match $pattern }
        Write-Host "    Ctrl+C at $Where`: PowerShell was back after $milliseconds ms"
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
    }

    It 'in the middle of several pulls ends them all (RN12)' {
        if ($noTerminal) { Set-ItResult -Skipped -Because $noTerminal; return }
        $several = 1..3 | ForEach-Object { $null =
            Add-TestImage $registry "team/several:$_" @{ layers = @(@{ seed = 50 + $_; size = 4000 }) }; "$address/team/several:$_" }
        $leases = { @(Get-ChildItem -Path (Join-Path $store '.imgsps/leases') -Filter *.lock -ErrorAction Ignore) }
        Add-TestFault $registry @{ action = 'stall'; match = '^GET .*/team/several/blobs/'; bytes = 100 }
        $milliseconds = Measure-Interrupt "'$($several -join "', '")' | Invoke-ImagePull" { (& $leases).Count -eq 3 }
        Write-Host "    Ctrl+C in three pulls: PowerShell was back after $milliseconds ms"
        & $leases | Should -BeNullOrEmpty
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        Reset-TestRegistry $registry
        ($several | Invoke-ImagePull -ErrorAction Stop).Tag | Should -Be '1', '2', '3'
    }
}
