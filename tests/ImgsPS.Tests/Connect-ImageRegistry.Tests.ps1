# LG1-LG7 from the outside: what ImgsPS stores serves docker and skopeo, and the other way round; what a session knows follows at once.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker, dockerd, docker-registry, skopeo
    $windows = [System.IO.Path]::DirectorySeparatorChar -eq '\'
    $clients = @(if (-not $missing) { '/usr/bin/docker', (Get-Command docker -CommandType Application | Select-Object -First 1).Source } ) |
        Where-Object { Test-Path -LiteralPath $_ } | Select-Object -Unique
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    Import-TestModule
    $saved = $env:DOCKER_CONFIG, $env:DOCKER_AUTH_CONFIG, $env:DOCKER_HOST, $env:PATH
    $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-login-' + [guid]::NewGuid().ToString('N').Substring(0, 8))
    $null = New-Item -ItemType Directory $work, "$work/bin", "$work/docker"
    $env:DOCKER_CONFIG = "$work/docker"
    $env:DOCKER_AUTH_CONFIG = $env:DOCKER_HOST = $null
    $configFile = Join-Path "$work/docker" config.json
    $password = 'pass-of-bob 1+2/3'
    $bob = [pscredential]::new('bob', (ConvertTo-SecureString $password -AsPlainText -Force))
    $wrong = [pscredential]::new('bob', (ConvertTo-SecureString 'no-such-word' -AsPlainText -Force))
    $registry = Start-TestRegistry
    $address = $registry.Host
    $null = Add-TestImage $registry 'team/app:1'
    $null = Invoke-TestRegistry $registry options @{ auth = 'bearer'; users = @{ bob = $password } }

    function Set-Config([string] $Text) { [System.IO.File]::WriteAllText($configFile, $Text) }
    function Get-Config { [System.IO.File]::ReadAllText($configFile) }
}

AfterAll {
    $env:DOCKER_CONFIG, $env:DOCKER_AUTH_CONFIG, $env:DOCKER_HOST, $env:PATH = $saved
    Stop-TestRegistry $registry
    Remove-Item -LiteralPath $work -Recurse -Force
}

Describe 'Connect-ImageRegistry' {
    BeforeEach {
        Get-ChildItem -LiteralPath "$work/docker" -Force | Remove-Item -Recurse -Force
        Reset-TestRegistry $registry
    }

    It 'writes one object for each registry, without a secret, and goes on behind one that refuses (LG1)' {
        $local = $address.Replace('127.0.0.1', 'localhost')
        $null = Invoke-TestRegistry $registry faults @{ action = 'status'; status = 403; match = '^GET /v2/$'; times = 1 }
        $all = Connect-ImageRegistry $local, $address -Credential $bob -ThrottleLimit 1 -ErrorVariable failed `
            -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        $failed.FullyQualifiedErrorId | Should -Be 'AccessDenied,ImgsPS.Cmdlets.ConnectImageRegistryCommand'
        $failed.TargetObject | Should -Be $local
        $all | Should -BeOfType ImgsPS.ImageRegistryLogin
        $all.Registry | Should -Be $address
        $all.UserName | Should -Be 'bob'
        $all.StoredIn | Should -Be $configFile
        $all.Verified | Should -BeTrue
        ($all | Format-List * | Out-String) + ($all | ConvertTo-Json) | Should -Not -BeLike '*pass-of*'
    }

    It 'stores nothing when the registry refuses, in a stable error (LG1)' {
        Connect-ImageRegistry $address -Credential $wrong -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.FullyQualifiedErrorId | Should -Be 'AuthenticationFailed,ImgsPS.Cmdlets.ConnectImageRegistryCommand'
        Get-ChildItem -LiteralPath "$work/docker" -Force | Should -BeNullOrEmpty
        "$failed" | Should -Not -BeLike '*no-such-word*'
    }

    It 'takes registries from the pipeline, as text and as a property' {
        $address, "https://$address/v2/" | Connect-ImageRegistry -Credential $bob -WarningAction SilentlyContinue |
            ForEach-Object Registry | Should -Be $address, $address
        [pscustomobject]@{ Registry = $address } | Connect-ImageRegistry -Credential $bob -WarningAction SilentlyContinue |
            ForEach-Object Registry | Should -Be $address
        Get-Config | Should -BeLike "*$address*"
    }

    It 'asks nobody and stores nothing with -WhatIf, not for a password either' {
        Get-WhatIfLine { Connect-ImageRegistry $address, docker.io -WhatIf } |
            Should -Be "What if: Performing the operation ""Log in"" on target ""$address"".",
            'What if: Performing the operation "Log in" on target "docker.io".'
        Get-WhatIfLine { Disconnect-ImageRegistry $address -WhatIf } | Should -BeLike '*"Log out"*'
        Get-TestRequest $registry | Should -BeNullOrEmpty
        Get-ChildItem -LiteralPath "$work/docker" -Force | Should -BeNullOrEmpty
    }

    It 'warns of plain text once for the command, and of DOCKER_AUTH_CONFIG (LG2, LG7)' {
        $env:DOCKER_AUTH_CONFIG = '{"auths":{}}'
        $null = Invoke-TestRegistry $registry options @{ auth = 'basic' }
        try {
            $names = $address, $address.Replace('127.0.0.1', 'localhost')
            $null = Connect-ImageRegistry $names -Credential $bob -WarningVariable said 3>$null
        }
        finally {
            $env:DOCKER_AUTH_CONFIG = $null
            $null = Invoke-TestRegistry $registry options @{ auth = 'bearer' }
        }

        @($said) -like '*unencrypted*' | Should -HaveCount 1
        @($said) -like 'DOCKER_AUTH_CONFIG*' | Should -HaveCount 1
    }

    # LG5
    It 'is an error where nobody can answer, and starts no question: <Line>' -ForEach @(
        @{ Line = 'Connect-ImageRegistry reg.example.com'; Id = 'InvalidArgument'
            Text = 'Cannot perform an interactive login from a non TTY device*' }
        @{ Line = 'Connect-ImageRegistry reg.example.com -AccessToken $token'; Id = 'InvalidArgument'; Text = '*goes with a user name*' }
        @{ Line = 'Connect-ImageRegistry reg.example.com -FromHelper'; Id = 'InvalidArgument'; Text = '*names no credential helper*' }
        @{ Line = 'Connect-ImageRegistry https://bob:pw@reg.example.com'; Id = 'InvalidArgument'
            Text = "'reg.example.com' is not the name*" }
    ) {
        $output = Invoke-TestShell (@("Import-Module '$(Get-TestModulePath)'", "`$env:DOCKER_CONFIG = '$work/docker'"
                '$token = ConvertTo-SecureString abcdef -AsPlainText -Force'
                "try { $Line -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId; `"`$_`" }") -join "`n")
        $output | Should -HaveCount 2
        $output[0] | Should -Be "$Id,ImgsPS.Cmdlets.ConnectImageRegistryCommand"
        $output[1] | Should -BeLike $Text
    }

    It 'takes a token with its user name, and an identity token (LG4, LG5)' {
        $token = ConvertTo-SecureString $password -AsPlainText -Force
        (Connect-ImageRegistry $address -AccessToken $token -UserName bob -WarningAction SilentlyContinue).Verified | Should -BeTrue
        $identity = (Invoke-TestRegistry $registry identity-tokens @{ user = 'bob' }).token
        $credential = [pscredential]::new('<token>', (ConvertTo-SecureString $identity -AsPlainText -Force))
        $login = Connect-ImageRegistry $address -Credential $credential -WarningAction SilentlyContinue
        $login.UserName | Should -BeNullOrEmpty
        (Get-Config | ConvertFrom-Json).auths.$address.identitytoken | Should -Be $identity
        (Get-ImageManifest "$address/team/app:1").Digest | Should -BeLike 'sha256:*'
    }

    It 'shows no secret in any stream' {
        $output = Invoke-TestShell (@("Import-Module '$(Get-TestModulePath)'", "`$env:DOCKER_CONFIG = '$work/docker'"
                '$DebugPreference = ''Continue'''
                "`$make = { param(`$text) [pscredential]::new('bob', (ConvertTo-SecureString `$text -AsPlainText -Force)) }"
                "Connect-ImageRegistry $address -Credential (& `$make '$password') -Verbose *>&1 | Out-String"
                "Connect-ImageRegistry $address -Credential (& `$make 'no-such-word') -Verbose *>&1 | Out-String"
                "Disconnect-ImageRegistry $address -Verbose *>&1 | Out-String"
                '$Error | Format-List * -Force | Out-String') -join "`n")
        $text = $output -join "`n"
        $text | Should -BeLike '*Log in*Log out*'
        foreach ($secret in $password, 'no-such-word') {
            $base = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes("bob:$secret"))
            $text.Contains($base) | Should -BeFalse
            # The command line of the error's position is the test's own.
            @($output | Where-Object { $_.Contains($secret) -and $_ -notlike '*make*' }) | Should -BeNullOrEmpty
        }
    }

    It 'lets the session and its completion follow at once' {
        $env:IMGSPS_STORE = "$work/store"
        try { Get-ImageManifest "$address/team/app:1" -ErrorAction Stop } catch { "$_" | Should -BeLike '*denied*' }
        $tags = { @((TabExpansion2 "Get-ImageManifest $address/team/app:").CompletionMatches.CompletionText) -like '*app:1' }
        & $tags | Should -BeNullOrEmpty
        $null = Connect-ImageRegistry $address -Credential $bob -WarningAction SilentlyContinue
        (Get-ImageManifest "$address/team/app:1").Digest | Should -BeLike 'sha256:*'
        & $tags | Should -Be "$address/team/app:1"
        (TabExpansion2 'Disconnect-ImageRegistry 127').CompletionMatches.CompletionText | Should -Contain $address
        Disconnect-ImageRegistry $address | Should -BeNullOrEmpty
        { Get-ImageManifest "$address/team/app:1" -ErrorAction Stop } | Should -Throw '*denied*'
        & $tags | Should -BeNullOrEmpty
        Disconnect-ImageRegistry $address -Verbose 4>&1 | ForEach-Object { "$_" } | Should -Contain "There were no credentials for $address"
        $env:IMGSPS_STORE = $null
    }

    It 'checks what a helper has and leaves it there' -Skip:$windows {
        [System.IO.File]::WriteAllText("$work/bin/docker-credential-kept", "#!/bin/sh`necho `"`$1`" >> '$work/calls'`n" +
            "echo '{`"Username`":`"bob`",`"Secret`":`"$password`"}'`n")
        & chmod 755 "$work/bin/docker-credential-kept"
        $env:PATH = "$work/bin" + [System.IO.Path]::PathSeparator + $env:PATH
        Set-Config '{"credsStore":"kept"}'
        $login = Connect-ImageRegistry $address -FromHelper
        $login.StoredIn | Should -Be 'docker-credential-kept'
        $login.UserName | Should -Be 'bob'
        Get-Config | Should -Be '{"credsStore":"kept"}'
        Get-Content "$work/calls" | Should -Be 'get'
    }
}

Describe 'config.json while processes come, go and are killed (LG2)' {
    BeforeEach { Get-ChildItem -LiteralPath "$work/docker" -Force | Remove-Item -Recurse -Force }

    It 'has all entries of processes side by side' {
        Set-Config '{"auths":{"other.example.com":{"auth":"dTpw"}},"HttpHeaders":{"a":"b"}}'
        $second = Start-TestRegistry
        try {
            foreach ($each in $registry, $second) {
                $null = Invoke-TestRegistry $each options @{ auth = 'basic'; users = @{ bob = $password } }
            }

            $names = $address, $second.Host | ForEach-Object { $_; $_.Replace('127.0.0.1', 'localhost') }
            $shells = foreach ($name in $names) {
                $script = "Import-Module '$(Get-TestModulePath)'; `$env:DOCKER_CONFIG = '$work/docker'; " +
                    "`$bob = [pscredential]::new('bob', (ConvertTo-SecureString '$password' -AsPlainText -Force)); " +
                    "1..3 | ForEach-Object { `$null = Connect-ImageRegistry $name -Credential `$bob 3>`$null }"
                Start-TestShell '-NoProfile', '-NonInteractive', '-EncodedCommand',
                ([System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($script)))
            }

            $shells | ForEach-Object { $_.WaitForExit(120000) | Should -BeTrue }
        }
        finally {
            Stop-TestRegistry $second
            $null = Invoke-TestRegistry $registry options @{ auth = 'bearer' }
        }

        $config = Get-Config | ConvertFrom-Json
        $config.auths.PSObject.Properties.Name | Sort-Object | Should -Be (@($names) + 'other.example.com' | Sort-Object)
        $config.HttpHeaders.a | Should -Be 'b'
        @(Get-ChildItem -LiteralPath "$work/docker" -Force -Name) -notlike '*lock' | Should -Be 'config.json'
    }

    It 'is whole after each kill, and the next login works' -Skip:$windows {
        $padding = 'x' * 200000
        Set-Config "{`"auths`":{`"other.example.com`":{`"auth`":`"dTpw`"}},`"padding`":`"$padding`"}"
        $script = "Import-Module '$(Get-TestModulePath)'; `$env:DOCKER_CONFIG = '$work/docker'; " +
            "`$bob = [pscredential]::new('bob', (ConvertTo-SecureString '$password' -AsPlainText -Force)); " +
            "while (`$true) { `$null = Connect-ImageRegistry $address -Credential `$bob 3>`$null; " +
            "[System.IO.File]::WriteAllText('$work/began', '') }"
        $encoded = [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($script))
        foreach ($round in 1..4) {
            Remove-Item "$work/began" -ErrorAction Ignore
            $shell = Start-TestShell '-NoProfile', '-NonInteractive', '-EncodedCommand', $encoded
            while (-not (Test-Path "$work/began")) {
                if ($shell.HasExited) { throw $shell.StandardError.ReadToEnd() }
                Start-Sleep -Milliseconds 20
            }

            Start-Sleep -Milliseconds (7 * $round)
            $shell.Kill()
            $shell.WaitForExit()
            $config = Get-Config | ConvertFrom-Json
            $config.auths.'other.example.com'.auth | Should -Be 'dTpw'
            $config.padding.Length | Should -Be 200000
        }

        (Connect-ImageRegistry $address -Credential $bob -WarningAction SilentlyContinue).Verified | Should -BeTrue
        Get-ChildItem -LiteralPath "$work/docker" -Force -Name | Should -Be 'config.json'
    }
}

Describe 'docker and skopeo beside ImgsPS (LG2, LG3, LG6)' -Skip:([bool]$missing) {
    BeforeAll {
        if ($missing) { return }
        $null = New-Item -ItemType Directory "$work/registry", "$work/engine"
        $users = "$work/registry/users"
        & htpasswd -Bbc -C 4 $users bob $password 2>$null
        $real = Start-RealRegistry "$work/registry" -Users $users
        $engine = Start-RealDocker "$work/engine"
        $image = "$($real.Host)/team/app:1"
        $null = Invoke-Native skopeo copy --src-tls-verify=false --dest-tls-verify=false --src-creds "bob:$password" `
            --dest-creds "bob:$password" "docker://$address/team/app:1" "docker://$image"

        # Both tools; each says whether it was let in.
        function Test-Docker([string] $Client) {
            & $Client -H $engine.Socket rmi $image 2>$null >$null
            & $Client -H $engine.Socket pull $image 2>$null >$null
            $LASTEXITCODE -eq 0
        }
        function Test-Skopeo([string] $Reference = $image) {
            & skopeo inspect --raw --tls-verify=false --authfile $configFile "docker://$Reference" 2>$null >$null
            $LASTEXITCODE -eq 0
        }
        function Test-ImgsPS { try { [bool](Get-ImageManifest $image -ErrorAction Stop) } catch { $false } }
    }

    AfterAll {
        if (-not $missing) {
            Stop-RealPart $engine
            Stop-RealPart $real
        }
    }

    BeforeEach { Get-ChildItem -LiteralPath "$work/docker" -Force | Remove-Item -Recurse -Force }

    It '<_>: a login by ImgsPS lets it and skopeo in, and a logout shuts both out' -ForEach $clients {
        Test-Docker $_ | Should -BeFalse
        $null = Connect-ImageRegistry $real.Host -Credential $bob -WarningAction SilentlyContinue
        Test-Docker $_ | Should -BeTrue
        Test-Skopeo | Should -BeTrue
        & skopeo login --get-login --authfile $configFile $real.Host | Should -Be 'bob'
        Test-ImgsPS | Should -BeTrue
        Disconnect-ImageRegistry $real.Host
        Test-Docker $_ | Should -BeFalse
        Test-Skopeo | Should -BeFalse
        Test-ImgsPS | Should -BeFalse
    }

    It '<_>: its login lets ImgsPS in, its file is not doubled, and both log out' -ForEach $clients {
        $password | & $_ login -u bob --password-stdin $real.Host 2>$null >$null
        $LASTEXITCODE | Should -Be 0
        Test-ImgsPS | Should -BeTrue
        $before = Get-Config
        $null = Connect-ImageRegistry "https://$($real.Host)/v1/" -Credential $bob -WarningAction SilentlyContinue
        Get-Config | Should -Be $before
        & $_ logout $real.Host 2>$null >$null
        Test-ImgsPS | Should -BeFalse
        $password | & $_ login -u bob --password-stdin $real.Host 2>$null >$null
        Disconnect-ImageRegistry $real.Host
        Test-Docker $_ | Should -BeFalse
        Get-Config | Should -Be "{`n`t`"auths`": {}`n}"
    }

    It '<_>: a helper serves both' -ForEach $clients {
        [System.IO.File]::WriteAllText("$work/bin/docker-credential-file", "#!/bin/sh`ncd '$work/bin'`nread -r line`ncase `$1 in`n" +
            "store) printf %s `"`$line`" > kept ;;`nget) " +
            "cat kept 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;`n" +
            "erase) rm -f kept ;;`nlist) echo '{}' ;;`nesac`n")
        & chmod 755 "$work/bin/docker-credential-file"
        $env:PATH = "$work/bin" + [System.IO.Path]::PathSeparator + $saved[3]
        # Skopeo knows no credsStore.
        Set-Config "{`"credHelpers`":{`"$($real.Host)`":`"file`"}}"
        (Connect-ImageRegistry $real.Host -Credential $bob -WarningVariable said).StoredIn | Should -Be 'docker-credential-file'
        $said | Should -BeNullOrEmpty
        Get-Config | Should -Not -BeLike '*"auth"*'
        Test-Docker $_ | Should -BeTrue
        Test-Skopeo | Should -BeTrue
        & $_ logout $real.Host 2>$null >$null
        Test-ImgsPS | Should -BeFalse
        $password | & $_ login -u bob --password-stdin $real.Host 2>$null >$null
        Test-ImgsPS | Should -BeTrue
        Disconnect-ImageRegistry $real.Host
        Test-Docker $_ | Should -BeFalse
        Test-Path "$work/bin/kept" | Should -BeFalse
    }

    It 'skopeo: its login lets ImgsPS in, and a token service takes what ImgsPS stored' {
        $password | & skopeo login --tls-verify=false --authfile $configFile -u bob --password-stdin $real.Host >$null
        $LASTEXITCODE | Should -Be 0
        Test-ImgsPS | Should -BeTrue
        $null = Connect-ImageRegistry $address -Credential $bob -WarningAction SilentlyContinue
        Test-Skopeo "$address/team/app:1" | Should -BeTrue
        Test-Skopeo | Should -BeTrue
        Disconnect-ImageRegistry $address
        Test-Skopeo "$address/team/app:1" | Should -BeFalse
        Test-Skopeo | Should -BeTrue
    }
}
