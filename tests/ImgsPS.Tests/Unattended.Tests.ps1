# RU1: what a runbook needs, in a process without input that nobody watches.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $null = Add-TestImage $registry 'team/app:1'
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 3; size = 3000 }) }
    $null = Invoke-TestRegistry $registry options @{ search = $true }
    $null = Invoke-TestRegistry $registry search @{ name = 'team/app' }

    # A line for each command; a command without a line fails a test.
    $lines = [ordered]@{
        'Invoke-ImagePull'     = "Invoke-ImagePull $address/team/app:1, $address/team/app:2"
        'Add-ImageTag'         = "Add-ImageTag $address/team/app:1 demo:1"
        'Invoke-ImagePush'     = "Invoke-ImagePush $address/team/app:1 $address/pushed/app:1"
        'Copy-Image'           = "Copy-Image $address/team/app:1 `"`$env:IMGSPS_STORE.copy`""
        'Export-Image'         = "Export-Image $address/team/app:1 `"`$env:IMGSPS_STORE.tar`""
        'Import-Image'         = 'Import-Image -InputStream ([IO.MemoryStream]::new([byte[]]::new(1024))) -RootFileSystem -Repository demo:1'
        'Find-Image'           = "Find-Image $address/app"
        'Get-Image'            = 'Get-Image'
        'Get-ImageConfig'      = "Get-ImageConfig $address/team/app:1"
        'Get-ImageHistory'     = "Get-ImageHistory $address/team/app:1"
        'Get-ImageLayer'       = "Get-ImageLayer $address/team/app:1"
        'Get-ImageManifest'    = "Get-ImageManifest $address/team/app:1"
        'Get-ImageReferrer'    = "Get-ImageReferrer $address/team/app:1"
        'Get-ImageTag'         = "Get-ImageTag $address/team/app"
        'Get-ImageStore'       = 'Get-ImageStore'
        'Test-ImageStore'      = 'Test-ImageStore'
        'Test-ImageUpdate'     = "Test-ImageUpdate $address/team/app:1 -Tags"
        'Repair-ImageStore'    = 'Repair-ImageStore'
        'Optimize-ImageStore'  = 'Optimize-ImageStore'
        'Remove-Image'         = "Remove-Image $address/team/app:1, $address/team/app:2, demo:1"

        # Last, so that nothing else has the credentials; in a configuration of its own.
        'Connect-ImageRegistry' = '$env:DOCKER_CONFIG = "$env:IMGSPS_STORE.login"; ' + "Connect-ImageRegistry $address -Credential " +
            "([pscredential]::new('u', (ConvertTo-SecureString 'p' -AsPlainText -Force)))"
        'Disconnect-ImageRegistry' = "Disconnect-ImageRegistry $address"
    }
    $commands = @((Get-Command -Module ImgsPS -CommandType Cmdlet).Name)

    # Runs a script in a process whose input has ended, and returns output and errors as text.
    function Invoke-Unattended([string] $Script) {
        $all = "`$ProgressPreference = 'SilentlyContinue'; Import-Module '$(Get-TestModulePath)'; $Script"
        $encoded = [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($all))
        $process = Start-TestShell '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-EncodedCommand', $encoded
        $errors = $process.StandardError.ReadToEndAsync()
        $output = $process.StandardOutput.ReadToEnd()
        $process.WaitForExit()
        [pscustomobject]@{ Output = $output; Errors = $errors.Result; ExitCode = $process.ExitCode }
        $process.Dispose()
    }

    # Every file with its times and length, and what was asked of the registry.
    function Get-World([string] $Folder) {
        Get-ChildItem -LiteralPath $Folder -Recurse -Force | Sort-Object FullName | ForEach-Object {
            '{0} {1:o} {2:o} {3}' -f $_.FullName, $_.LastWriteTimeUtc, $_.CreationTimeUtc, $(if (-not $_.PSIsContainer) { $_.Length })
        }
        Get-TestRequest $registry
    }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'An unattended session (RU1)' {
    BeforeEach {
        $store = New-TestStore
        Reset-TestRegistry $registry
    }

    AfterEach {
        Remove-TestStore $store
        Remove-Item -LiteralPath "$store.tar", "$store.copy", "$store.login" -Recurse -Force -ErrorAction Ignore
    }

    It 'has a line here for each command' {
        $commands | Where-Object { -not $lines.Contains($_) } | Should -BeNullOrEmpty
    }

    It 'is asked nothing by any command, with input at its end' {
        $script = ($lines.Keys | ForEach-Object { "'# $_'; $($lines[$_]) | Out-String" }) -join '; '
        $run = Invoke-Unattended "$script; '# end'"
        $run.Errors | Should -BeNullOrEmpty
        $run.Output | Should -Match '# end'
        $run.Output + $run.Errors | Should -Not -BeLike '*NonInteractive mode*'
        $run.ExitCode | Should -Be 0
        @(Get-Image) | Should -HaveCount 0
    }

    It 'is asked nothing with -Debug when a command warns' {
        $null = Invoke-TestRegistry $registry options @{ search = $false }
        $run = Invoke-Unattended "Find-Image $address/app -Debug -Verbose 3>&1 | ForEach-Object { `"`$_`" }"
        $null = Invoke-TestRegistry $registry options @{ search = $true }
        $run.Output | Should -BeLike '*has no search*'
        $run.Output | Should -BeLike "*$address/team/app*"
        $run.Errors | Should -BeNullOrEmpty
        $run.ExitCode | Should -Be 0
    } -Skip:($PSVersionTable.PSVersion.Major -lt 7) # Windows PowerShell asks after each debug line, whatever writes it.

    It 'changes and asks nothing with -WhatIf' {
        $null = Invoke-ImagePull "$address/team/app:1"
        $null = Add-ImageTag "$address/team/app:1" demo:1
        Reset-TestRegistry $registry
        $before = Get-World $store
        $changing = $commands | Where-Object { (Get-Command $_).Parameters.ContainsKey('WhatIf') }
        $changing | Should -HaveCount 11
        $run = Invoke-Unattended (@($changing | ForEach-Object { "$($lines[$_]) -WhatIf; '$_ ' + `$?" }) -join '; ')

        # Remove-Image is given one image that is not there.
        foreach ($command in $changing) { $run.Output | Should -Match "(?m)^$command $($command -ne 'Remove-Image')\s*$" }
        Get-World $store | Should -Be $before
    }

    It 'makes no store with -WhatIf' {
        $new = Join-Path $store 'new'
        Invoke-ImagePull "$address/team/app:1" -Store $new -WhatIf
        Test-Path -LiteralPath $new | Should -BeFalse
        Get-TestRequest $registry | Should -BeNullOrEmpty
    }

    It 'gets one error for each failed item, with id, category and advice, and the others are done: <Name>' -ForEach @(
        @{ Name = 'Invoke-ImagePull'; Class = 'InvokeImagePullCommand'; Bad = 'none/such:1', 'UPPER/x:1'; Category = 'ObjectNotFound',
            'InvalidArgument'; Id = 'ImageNotFound', 'InvalidReference' }
        @{ Name = 'Get-ImageConfig'; Class = 'GetImageConfigCommand'; Bad = 'none/such:1', 'UPPER/x:1'; Category = 'ObjectNotFound',
            'InvalidArgument'; Id = 'ImageNotFound', 'InvalidReference' }
        @{ Name = 'Get-ImageHistory'; Class = 'GetImageHistoryCommand'; Bad = , 'none/such:1'; Category = , 'ObjectNotFound'; Id = ,
            'ImageNotFound' }
        @{ Name = 'Get-ImageLayer'; Class = 'GetImageLayerCommand'; Bad = , 'none/such:1'; Category = , 'ObjectNotFound'; Id = ,
            'ImageNotFound' }
        @{ Name = 'Get-ImageManifest'; Class = 'GetImageManifestCommand'; Bad = , 'none/such:1'; Category = , 'ObjectNotFound'; Id = ,
            'ImageNotFound' }
        @{ Name = 'Get-Image'; Class = 'GetImageCommand'; Bad = , 'none/such:1'; Category = , 'ObjectNotFound'; Id = , 'ImageNotFound' }
        @{ Name = 'Remove-Image'; Class = 'RemoveImageCommand'; Bad = , 'none/such:1'; Category = , 'ObjectNotFound'; Id = ,
            'ImageNotFound' }
    ) {
        $items = @("$address/team/app:1") + @($Bad | ForEach-Object { "$address/$_" }) + "$address/team/app:2"
        if ($Name -ne 'Invoke-ImagePull') { $null = Invoke-ImagePull "$address/team/app:1", "$address/team/app:2" }
        $arguments = if ($Name -eq 'Remove-Image') { @{ PassThru = $true } } else { @{} }
        $done = @($items | & $Name @arguments -ErrorAction SilentlyContinue -ErrorVariable failed)
        $failed | Should -HaveCount $Bad.Count
        foreach ($i in 0..($Bad.Count - 1)) {
            $failed[$i].FullyQualifiedErrorId | Should -Be "$($Id[$i]),ImgsPS.Cmdlets.$Class"
            $failed[$i].CategoryInfo.Category | Should -Be $Category[$i]
            "$($failed[$i].TargetObject)" | Should -Be "$address/$($Bad[$i])"
            $failed[$i].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }

        switch ($Name) {
            'Remove-Image' { Get-Image | Should -BeNullOrEmpty }
            'Invoke-ImagePull' { $done.Tag | Should -Be '1', '2' }
            default { $done.Count | Should -BeGreaterOrEqual 2 }
        }
    }

    It 'ends with status 1 after an error, and 0 without one' {
        (Invoke-Unattended "Get-Image $address/none/such:1").ExitCode | Should -Be 1
        (Invoke-Unattended 'Get-Image none*').ExitCode | Should -Be 0
    }

    It 'has no work left when a command is left early' {
        Add-TestFault $registry @{ action = 'slow'; match = '^GET .*/blobs/'; bytes = 20000 }
        $first = "$address/team/app:1", "$address/team/app:2" | Invoke-ImagePull | Select-Object -First 1
        $first.Tag | Should -Be '1'
        $requests = @(Get-TestRequest $registry).Count
        Start-Sleep -Milliseconds 1500
        @(Get-TestRequest $registry).Count | Should -Be $requests
        @(Get-ChildItem -LiteralPath (Join-Path $store '.imgsps') -Recurse -Force -File -ErrorAction Ignore |
            Where-Object { $_.Directory.Name -eq 'leases' }) |
            Should -BeNullOrEmpty
    }

    It 'leaves no process behind, and ends while connections to the registry are open' -Skip:(-not (Test-Path /proc/self/stat)) {
        $run = Invoke-Unattended "`$null = Invoke-ImagePull $address/team/app:1; `$PID; (Get-ChildItem /proc/self/task).Count"
        $run.ExitCode | Should -Be 0
        $id = ($run.Output -split '\r?\n')[0].Trim()
        Test-Path "/proc/$id" | Should -BeFalse
        @(Get-ChildItem /proc -Directory | Where-Object Name -Match '^\d+$' | ForEach-Object {
                try { [System.IO.File]::ReadAllText("$($_.FullName)/stat") } catch { '' }
            } | Where-Object { ($_ -replace '^.*\) ', '' -split ' ')[1] -eq $id }) | Should -BeNullOrEmpty
    }
}

Describe 'ssh where nobody can answer (SF16)' {
    It 'asks nothing: <Form>' -Skip:($env:OS -eq 'Windows_NT') -ForEach @(
        @{ Form = '-NonInteractive'; Script = 'Get-Image -Store ssh://web1 -ErrorAction SilentlyContinue' }
        @{ Form = 'another runspace'
            Script = '$p = [powershell]::Create(); $null = $p.AddScript("Import-Module ''MODULE''; Get-Image -Store ssh://web1 " +
                "-ErrorAction SilentlyContinue").Invoke()' }
    ) {
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid().ToString('N')))).FullName
        [System.IO.File]::WriteAllText("$tools/ssh", "#!/bin/sh`nprintf '%s\n' `"`$*`" >> '$tools/arguments'`nexit 255`n")
        chmod +x "$tools/ssh"
        $path = $env:PATH
        $env:PATH = $tools + ':' + $path
        try { $null = Invoke-TestShell ("Import-Module '$(Get-TestModulePath)'; " + $Script.Replace('MODULE', (Get-TestModulePath))) }
        finally { $env:PATH = $path }
        $said = @([System.IO.File]::ReadAllLines("$tools/arguments"))
        $said | Should -Not -BeNullOrEmpty
        foreach ($line in $said) { $line | Should -BeLike '-o BatchMode=yes *-- web1 docker system dial-stdio' }
    }
}
