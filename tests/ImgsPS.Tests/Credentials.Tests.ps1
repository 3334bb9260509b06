# SF12: whose credentials the cmdlets of one session send while its configuration changes. The registry's log is the judge.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker, dockerd
    $windows = [System.IO.Path]::DirectorySeparatorChar -eq '\'
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker, dockerd
    $registry = Start-TestRegistry
    $null = Add-TestImage $registry 'team/app:1'
    $null = Add-TestImage $registry 'team/other:1' @{ layers = @(@{ seed = 7; size = 4000 }) }
    $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-' + [guid]::NewGuid().ToString('N').Substring(0, 8))
    $null = New-Item -ItemType Directory "$work/one", "$work/two", "$work/none", "$work/helper", "$work/bin", "$work/engine"

    function Get-Config([string] $User) {
        $auth = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes("${User}:$User-pass"))
        ConvertTo-Json @{ auths = @{ $registry.Host = @{ auth = $auth } } } -Depth 8
    }

    # Runs steps in one session, in a process of its own, and returns for each what its requests came with: names of users, or nothing.
    function Invoke-Steps([string[]] $Step) {
        foreach ($user in 'ann', 'bob') {
            [System.IO.File]::WriteAllText("$work/$(@{ ann = 'one'; bob = 'two' }[$user])/config.json", (Get-Config $user))
        }

        $lines = @(
            "Import-Module '$PSScriptRoot/TestSession.psm1'; Import-Module '$(Get-TestModulePath)'"
            "`$registry = [pscustomobject]@{ Host = '$($registry.Host)' }; `$app = '$($registry.Host)/team/app:1'"
            "`$work = '$work'; `$env:DOCKER_CONFIG = '$work/none'; `$env:DOCKER_AUTH_CONFIG = `$null; `$env:DOCKER_HOST = `$null"
            "`$env:PATH = '$work/bin' + [System.IO.Path]::PathSeparator + `$env:PATH"
            'function Get-Credential([string] $User) {'
            '    [pscredential]::new($User, (ConvertTo-SecureString "$User-pass" -AsPlainText -Force)) }'
            'function Sent([scriptblock] $Command) {'
            '    Reset-TestRegistry $registry; $null = & $Command 2>$null'
            '    $log = Invoke-TestRegistry $registry requests -Method Get | ForEach-Object { $_ }'
            "    'sent:' + (@(`$log | Where-Object { `$_.user } | ForEach-Object user | Select-Object -Unique) -join ',') }"
        ) + $Step
        $output = @(Invoke-TestShell ($lines -join "`n"))
        @($output -like 'sent:*' -replace '^sent:') + @($output -notlike 'sent:*' | ForEach-Object { "unexpected: $_" })
    }
}

AfterAll {
    Stop-TestRegistry $registry
    Remove-Item -LiteralPath $work -Recurse -Force
}

Describe 'Credentials of a session that goes on, asked for by <Auth> (SF12)' -ForEach @{ Auth = 'basic' }, @{ Auth = 'bearer' } {
    BeforeAll {
        $users = @{ ann = 'ann-pass'; bob = 'bob-pass' }
        $null = Invoke-TestRegistry $registry options @{ auth = $Auth; search = $true; users = $users }
    }

    It 'are those of the configuration at each command' {
        Invoke-Steps @(
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_CONFIG = `"`$work/two`"; Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_CONFIG = `"`$work/none`"; Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Invoke-ImagePull `$app -Store `"`$work/s1`" }"
            "`$env:DOCKER_CONFIG = `"`$work/two`"; Sent { Get-ImageConfig `$app -Remote }"
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Get-ImageHistory `$app -Remote }"
            "`$env:DOCKER_CONFIG = `"`$work/two`"; Sent { Get-ImageLayer `$app -Remote }"
            "Remove-Item `"`$work/two/config.json`"; Sent { Get-ImageLayer `$app -Remote }"
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Find-Image `"`$(`$registry.Host)/app`" }"
            "`$env:DOCKER_CONFIG = `"`$work/none`"; Sent { Find-Image `"`$(`$registry.Host)/app`" }"
        ) | Should -Be 'ann', 'bob', '', 'ann', 'bob', 'ann', 'bob', '', 'ann', ''
    }

    It 'are those of DOCKER_AUTH_CONFIG while it is set' {
        Invoke-Steps @(
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_AUTH_CONFIG = [System.IO.File]::ReadAllText(`"`$work/two/config.json`"); Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_AUTH_CONFIG = `$null; Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_CONFIG = `"`$work/none`"; Sent { Get-ImageManifest `$app }"
        ) | Should -Be 'ann', 'bob', 'ann', ''
    }

    It 'that -Credential gave are not those of the next command' {
        Invoke-Steps @(
            "Sent { Get-ImageManifest `$app -Credential (Get-Credential bob) }"
            "Sent { Get-ImageManifest `$app }"
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Get-ImageManifest `$app -Credential (Get-Credential bob) }"
            "Sent { Get-ImageManifest `$app }"
            "Sent { Invoke-ImagePull `$app -Store `"`$work/s2`" -Credential (Get-Credential bob) }"
            "Sent { Invoke-ImagePull `$app -Store `"`$work/s3`" }"
        ) | Should -Be 'bob', '', 'bob', 'ann', 'bob', 'ann'
    }

    It 'that were changed at the registry are the new ones' {
        $basic = { param($password) [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes("ann:$password")) }
        $steps = Invoke-Steps @(
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Sent { Get-ImageManifest `$app }"
            "`$null = Invoke-TestRegistry `$registry options @{ users = @{ ann = 'next-pass'; bob = 'bob-pass' } }"
            "`$null = Invoke-TestRegistry `$registry tokens -Method Delete"
            "`$text = [System.IO.File]::ReadAllText(`"`$work/one/config.json`")"
            "[System.IO.File]::WriteAllText(`"`$work/one/config.json`", `$text.Replace('$(& $basic ann-pass)', '$(& $basic next-pass)'))"
            "Sent { Get-ImageManifest `$app }"
        )
        $old = & $basic ann-pass
        $log = Invoke-TestRegistry $registry requests -Method Get | ForEach-Object { $_ }
        $null = Invoke-TestRegistry $registry options @{ users = @{ ann = 'ann-pass'; bob = 'bob-pass' } }
        $steps | Should -Be 'ann', 'ann'
        $log[-1].status | Should -Be 200
        @($log | ForEach-Object headers | Where-Object value -EQ "Basic $old") | Should -BeNullOrEmpty
    }

    It 'of a helper are asked for by each command' -Skip:$windows {
        [System.IO.File]::WriteAllText("$work/bin/docker-credential-log", "#!/bin/sh`necho asked >> '$work/asked'`n" +
            "if [ -f '$work/answer' ]; then cat '$work/answer'; else echo 'credentials not found in native keychain'; exit 1; fi`n")
        & chmod 755 "$work/bin/docker-credential-log"
        [System.IO.File]::WriteAllText("$work/helper/config.json", '{"credsStore":"log"}')
        $answer = "[System.IO.File]::WriteAllText(`"`$work/answer`", '{{`"Username`":`"{0}`",`"Secret`":`"{0}-pass`"}}')"
        Remove-Item -LiteralPath "$work/asked" -ErrorAction Ignore
        Invoke-Steps @(
            "`$env:DOCKER_CONFIG = `"`$work/helper`""
            ($answer -f 'ann'); "Sent { `$app, `$app, `$app | Get-ImageManifest }"
            "'sent:' + [System.IO.File]::ReadAllLines(`"`$work/asked`").Count"
            ($answer -f 'bob'); "Sent { Get-ImageManifest `$app }"
            "Remove-Item `"`$work/answer`"; Sent { Get-ImageManifest `$app }"
        ) | Should -Be 'ann', '1', 'bob', ''
    }

    # The same process, its clients and connections; the one has credentials of its own, the other the configuration.
    It 'of two runspaces side by side do not mix' {
        $steps = Invoke-Steps @(
            "`$env:DOCKER_CONFIG = `"`$work/one`"; Reset-TestRegistry `$registry"
            "`$credential = 'New-Object pscredential bob, (ConvertTo-SecureString bob-pass -AsPlainText -Force)'"
            "`$first = Start-TestPipeline `"1..15 | ForEach-Object { Get-ImageManifest '`$app' -Credential (`$credential) }`""
            "`$second = Start-TestPipeline `"1..15 | ForEach-Object { Get-ImageManifest '`$(`$registry.Host)/team/other:1' }`""
            "`$first, `$second | ForEach-Object { `$null = `$_.PowerShell.EndInvoke(`$_.Handle); 'sent:' + `$_.Output.Count }"
        )
        $steps | Should -Be '15', '15'
        $log = @(Invoke-TestRegistry $registry requests -Method Get | ForEach-Object { $_ })
        $of = { param($repository) @($log | Where-Object { [uri]::UnescapeDataString($_.path) -like "*team/$repository*" -and $_.user } |
                    ForEach-Object user | Select-Object -Unique) }
        & $of app | Should -Be 'bob'
        & $of other | Should -Be 'ann'
    }
}

Describe 'Credentials that a Docker Engine gets from a session that goes on (SF12)' -Skip:([bool]$missing) {
    BeforeAll {
        if (-not $missing) { $engine = Start-RealDocker "$work/engine" }
        $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; users = @{ ann = 'ann-pass'; bob = 'bob-pass' } }
    }

    AfterAll { if (-not $missing) { Stop-RealPart $engine } }

    It 'are those of the configuration at each command, and those of -Credential for one' {
        $pull = "Sent { Invoke-ImagePull `$app -Store '$($engine.Socket)' @more }"
        Invoke-Steps @(
            "`$more = @{}; `$env:DOCKER_CONFIG = `"`$work/one`"; $pull"
            "`$env:DOCKER_CONFIG = `"`$work/two`"; $pull"
            "`$more = @{ Credential = Get-Credential ann }; $pull"
            "`$more = @{}; $pull"
            "Remove-Item `"`$work/two/config.json`"; $pull"
            "`$env:DOCKER_AUTH_CONFIG = [System.IO.File]::ReadAllText(`"`$work/one/config.json`"); $pull"
        ) | Should -Be 'ann', 'bob', 'ann', 'bob', '', 'ann'
    }
}

# SF5: what is no file is an error that names it, at once; a session that waits for a pipe would never come back.
Describe "A pipe or a device in the place of a file of Docker's configuration (SF5)" -Skip:$windows {
    BeforeAll {
        $id = -join ([System.Security.Cryptography.SHA256]::Create().ComputeHash([System.Text.Encoding]::UTF8.GetBytes('web1')) |
                ForEach-Object { $_.ToString('x2') })
        $null = New-Item -ItemType Directory "$work/odd", "$work/tls", "$work/tls/contexts/meta/$id"
    }

    It 'is an error that names it: <Place>, <Words>, for <Command>' -ForEach @(
        @{ Place = 'odd/config.json'; Words = 'a named pipe'; Command = 'Invoke-ImagePull $app' }
        @{ Place = 'odd/config.json'; Words = 'a device'; Command = 'Get-ImageManifest $app' }
        @{ Place = 'odd/config.json'; Words = 'a named pipe'; Command = 'Get-Image -Store docker' }
        @{ Place = 'tls/contexts/meta/ID/meta.json'; Words = 'a named pipe'; Command = 'Get-Image -Store docker:web1' }
        @{ Place = 'tls/ca.pem'; Words = 'a named pipe'
            Command = '$env:DOCKER_TLS_VERIFY = 1; Get-Image -Store "tcp://$($registry.Host)"' }
    ) {
        $file = "$work/$($Place.Replace('ID', $id))"
        if ($Words -eq 'a device') { & ln -s /dev/zero $file } else { & mkfifo $file }
        try {
            $folder = "$work/$($Place.Split('/')[0])"
            $output = @(Invoke-Steps ("`$env:DOCKER_CONFIG = '$folder'; `$WarningPreference = 'SilentlyContinue'; " +
                    "try { $Command -ErrorAction Stop } catch { 'sent:' + `$_ + ' ' + `$_.ErrorDetails.RecommendedAction }"))
            $output | Should -HaveCount 1

            # Where the registry is asked without credentials, its refusal names the cause (FF16).
            $output[0] | Should -BeLike "*${file}: is $Words, not a file*"
        }
        finally {
            & rm $file
        }
    }
}
