# RC4: a session with -Verbose, -Debug and a transcript, in a process of its own; everything that is left of it is searched for its secrets.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/SecretSearch.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $null = Add-TestImage $registry 'team/app:1'
    $null = Add-TestImage $registry 'team/more:1' @{ layers = @(@{ seed = 5; size = 5000 }) }
    $null = Invoke-TestRegistry $registry options @{ auth = 'basic'; search = $true; users = @{
            bob = Get-TestSecret Registry; carol = Get-TestSecret Config; dave = Get-TestSecret Helper } }
    $identity = (Invoke-TestRegistry $registry identity-tokens @{ user = 'bob' }).token
    Add-TestSecret IdentityToken $identity
    $windows = [System.IO.Path]::DirectorySeparatorChar -eq '\'
    $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-secrets-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory "$work/bin", "$work/docker", "$work/out", "$work/store"

    # Writes a program for Unix; it notes how it and the one who started it were called.
    function Add-Program([string] $Name, [string] $Script) {
        $note = 'tr "\0" " " < /proc/$$/cmdline >> "$IMGSPS_TEST_OUT/arguments.txt"; tr "\0" " " < /proc/$PPID/cmdline >> "$IMGSPS_TEST_OUT/arguments.txt"'
        [System.IO.File]::WriteAllText("$work/bin/$Name", "#!/bin/sh`n$note`n$Script`n")
        if (-not $windows) { & chmod 755 "$work/bin/$Name" }
    }

    function Set-Config($Config) { [System.IO.File]::WriteAllText("$work/docker/config.json",
        $(if ($Config -is [string]) { $Config } else { ConvertTo-Json $Config -Depth 8 })) }

    # Runs lines, each a command of its own as if typed, and returns what there is to search, by where it was.
    function Invoke-Session([string[]] $Line) {
        Get-ChildItem -LiteralPath "$work/out" | Remove-Item
        $first = @(
            "Import-Module '$PSScriptRoot/SecretSearch.psm1'; Add-TestSecret IdentityToken `$env:IMGSPS_TEST_IDENTITY; Import-Module '$(Get-TestModulePath)'"
            "`$PSDefaultParameterValues = @{ '*-Image*:Verbose' = `$true; '*-Image*:Debug' = (`$PSVersionTable.PSVersion.Major -ge 7) }; if (`$PSVersionTable.PSVersion.Major -lt 7) { `$DebugPreference = 'Continue' }"
            "`$null = Start-Transcript -LiteralPath '$work/out/transcript.txt'"
        )
        $last = @(
            "`$Error | ConvertTo-SearchText | Out-String -Width 4096 | Set-Content -LiteralPath '$work/out/errors.txt'"
            "`$Error | ForEach-Object { `$_.FullyQualifiedErrorId } | Set-Content -LiteralPath '$work/out/ids.txt'"
            "Get-History | Format-List * | Out-String -Width 4096 | Set-Content -LiteralPath '$work/out/history.txt'"
            "`$null = Stop-Transcript"
            "exit"
        )
        $program, [string[]] $starter = @(Get-TestShell)
        $environment = @{ PATH = "$work/bin" + [System.IO.Path]::PathSeparator + $env:PATH; DOCKER_CONFIG = "$work/docker";
            DOCKER_HOST = $null
            IMGSPS_STORE = "$work/store"; IMGSPS_TEST_OUT = "$work/out"; IMGSPS_TEST_IDENTITY = $identity }
        $before = @{}
        foreach ($name in $environment.Keys) {
            $before[$name] = [System.Environment]::GetEnvironmentVariable($name)
            Set-Item -LiteralPath "env:$name" -Value $environment[$name]
        }

        try {
            $streams = $first + $Line + $last | & $program @starter -NoProfile -NonInteractive -Command - 2>&1 | Out-String -Width 4096
        }
        finally {
            foreach ($name in $before.Keys) { Set-Item -LiteralPath "env:$name" -Value $before[$name] }
        }

        $read = { param($name) if (Test-Path -LiteralPath "$work/out/$name") { Get-Content -LiteralPath "$work/out/$name" -Raw } }
        [ordered]@{
            streams = $streams; transcript = & $read transcript.txt; errors = & $read errors.txt; history = & $read history.txt
            arguments = & $read arguments.txt; ids = @((& $read ids.txt) -split '\r?\n' -ne '')
        }
    }

    # "where: secret" of all that is left of a session.
    function Find-Leak($Session) {
        foreach ($where in $Session.Keys) { Find-TestSecret ($Session[$where] -join "`n") | ForEach-Object { "${where}: $_" } }
        Find-TestSecretInFolder "$work/store"
    }
}

AfterAll {
    Stop-TestRegistry $registry
    Remove-Item -LiteralPath $work -Recurse -Force
}

Describe 'Secrets (RC4)' {
    BeforeEach {
        Reset-TestRegistry $registry
        Set-Config @{}
    }

    # The search is worth something only if it finds.
    It 'are found wherever they are planted' {
        $session = Invoke-Session @(
            "Get-TestSecret Control | Out-Host"
            "`$VerbosePreference = 'Continue'; Write-Verbose ([uri]::EscapeDataString((Get-TestSecret Registry)))"
            "ConvertTo-Json @{ x = Get-TestSecret Proxy }"
            "try { `$e = [InvalidOperationException]::new('x', [Exception]::new('y')); `$e.InnerException.Data['k'] = Get-TestSecret Config; throw `$e } catch { }"
            "Write-Error x -TargetObject ([pscustomobject]@{ p = Get-TestSecret Helper }) -ErrorAction SilentlyContinue"
            "Write-Error x -RecommendedAction ([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('bob:' + (Get-TestSecret Wrong)))) -ErrorAction SilentlyContinue"
            "'$(Get-TestSecret Address)' > `$null"
            "[System.IO.File]::WriteAllText('$work/store/planted', `"x``0`" + (Get-TestSecret Control))"
        )
        $found = @(Find-Leak $session)
        Remove-Item -LiteralPath "$work/store/planted"
        foreach ($one in 'transcript: Control', 'transcript: Registry', 'streams: Proxy', 'errors: Config', 'errors: Helper',
            'errors: Wrong', 'history: Address', "$(Join-Path "$work/store" planted): Control") {
            $found | Should -Contain $one
        }

        @(Find-Leak @{ arguments = Get-TestSecret Helper }) | Should -Be 'arguments: Helper'
    }

    It 'of -Credential are in nothing that is left, right or wrong' {
        $session = Invoke-Session @(
            "Invoke-ImagePull $address/team/app:1 -Credential (Get-TestCredential Registry) | Format-List *"
            "Invoke-ImagePull $address/team/more:1 -Credential (Get-TestCredential Wrong) | Format-List *"
            "Find-Image $address/app -Credential (Get-TestCredential Registry)"
            "Find-Image $address/app -Credential (Get-TestCredential Wrong)"
            "Get-Image | Format-List *"
        )
        $session.transcript | Should -Match 'DEBUG: .*/v2/team/app/'
        $session.transcript | Should -Match 'VERBOSE: '
        $session.history | Should -Match 'Get-TestCredential Registry'
        $session.ids | Should -Contain 'AuthenticationFailed,ImgsPS.Cmdlets.InvokeImagePullCommand'
        Find-Leak $session | Should -BeNullOrEmpty
    }

    It 'of config.json and of token services are in nothing that is left' {
        $basic = { param($user, $name) [System.Convert]::ToBase64String(
            [System.Text.Encoding]::UTF8.GetBytes("${user}:$(Get-TestSecret $name)")) }
        Set-Config @{ auths = @{ $address = @{ auth = & $basic carol Config } } }
        $null = Invoke-TestRegistry $registry options @{ auth = 'bearer' }
        try {
            $session = Invoke-Session @(
                "Invoke-ImagePull $address/team/app:1, $address/team/more:1, $address/team/none:1 | Format-List *"
            )
            foreach ($token in @(Invoke-TestRegistry $registry requests -Method Get | ForEach-Object { $_ } | ForEach-Object headers |
                        Where-Object { $_.name -eq 'Authorization' -and $_.value -like 'Bearer *' } |
                            ForEach-Object { $_.value.Substring(7) } | Select-Object -Unique)) {
                Add-TestSecret "Token$token" $token
            }

            $session.transcript | Should -Match 'DEBUG: .*/token'
            $session.ids | Should -Contain 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
            Find-Leak $session | Should -BeNullOrEmpty
            Set-Config @{ auths = @{ $address = @{ identitytoken = $identity; auth = 'MDAwOg==' } } }
            $session = Invoke-Session "Invoke-ImagePull $address/team/app:1 | Format-List *"
            $session.ids | Should -BeNullOrEmpty
            Find-Leak $session | Should -BeNullOrEmpty
        }
        finally {
            $null = Invoke-TestRegistry $registry options @{ auth = 'basic' }
        }
    }

    It 'in a config.json that is broken are in nothing that is left' {
        $broken = @(
            # The mark keeps it from being base64, of user:password by chance.
            '{"auths":{"x":{"auth":"' + (Get-TestSecret Address) + '!"}}}'
            '{"auths":{"x":' + (ConvertTo-Json (Get-TestSecret Config)) + '}}'
            '{"auths":{"' + (Get-TestSecret Address) + '":{"auth":"'
            (Get-TestSecret Address)
        )
        $number = 0
        $session = Invoke-Session @($broken | ForEach-Object {
                $folder = "$work/docker/$(($number++))"
                $null = New-Item -ItemType Directory -Force $folder
                [System.IO.File]::WriteAllText("$folder/config.json", $_)
                "`$env:DOCKER_CONFIG = '$folder'; Invoke-ImagePull $address/team/app:1"
            })
        # FF16: the warning has the cause, and the error that of the registry.
        $session.transcript | Should -Match 'config file'
        $session.ids | Should -Be (@('AuthenticationFailed,ImgsPS.Cmdlets.InvokeImagePullCommand') * 4)
        Find-Leak $session | Should -BeNullOrEmpty
    }

    It 'of credential helpers that answer, fail, shout or break off are in nothing that is left' `
        -Skip:([System.IO.Path]::DirectorySeparatorChar -eq '\') {
        [System.IO.File]::WriteAllText("$work/answer",
            (ConvertTo-Json @{ Username = 'dave'; Secret = Get-TestSecret Helper; ServerURL = $address }))

        $helpers = [ordered]@{
            failsafter = 'cat "$IMGSPS_TEST_OUT/../answer"; exit 1'
            shouts     = 'cat "$IMGSPS_TEST_OUT/../answer" >&2; exit 1'
            breaksoff  = 'head -c 70 "$IMGSPS_TEST_OUT/../answer"'
            answers    = 'cat "$IMGSPS_TEST_OUT/../answer"'
        }
        $session = Invoke-Session @($helpers.Keys | ForEach-Object {
                Add-Program "docker-credential-$_" $helpers[$_]
                $null = New-Item -ItemType Directory "$work/docker/$_"
                [System.IO.File]::WriteAllText("$work/docker/$_/config.json", (ConvertTo-Json @{ credHelpers = @{ $address = $_ } }))
                "`$env:DOCKER_CONFIG = '$work/docker/$_'; '# $_ ' + (Invoke-ImagePull $address/team/app:1).Tag"
            })
        foreach ($name in $helpers.Keys) { $session.arguments | Should -Match "docker-credential-$name get" }
        $session.transcript | Should -Match '(?m)^# answers 1\s*$'
        $session.ids | Should -Be (@('AuthenticationFailed,ImgsPS.Cmdlets.InvokeImagePullCommand') * 3)
        Find-Leak $session | Should -BeNullOrEmpty
    }

    It 'of a proxy, and in addresses, are in nothing that is left' {
        $user = 'bob:' + (Get-TestSecret Address)
        $env:IMGSPS_TEST_USER = $user
        try {
            $session = Invoke-Session @(
                "Invoke-ImagePull reg.invalid/a:1 -Proxy http://127.0.0.1:1 -ProxyCredential (Get-TestCredential Proxy)"
                "Invoke-ImagePull reg.invalid/a:1 -Proxy `"http://`$env:IMGSPS_TEST_USER@127.0.0.1:1`""
                "Invoke-ImagePull reg.invalid/a:1 -Proxy `"ftp://`$env:IMGSPS_TEST_USER@127.0.0.1:1`""
                "Invoke-ImagePull reg.invalid/a:1 -TrustedRealm `"https://`$env:IMGSPS_TEST_USER@auth.invalid`""
                "Invoke-ImagePull reg.invalid/a:1 -TrustedRealm `"`$env:IMGSPS_TEST_USER@auth.invalid`""
                "Invoke-ImagePull `"https://`$env:IMGSPS_TEST_USER@reg.invalid/a:1`", `"`$env:IMGSPS_TEST_USER@reg.invalid/a:1`""
                "Get-Image -Store `"tcp://`$env:IMGSPS_TEST_USER@host:2375`""
                "Get-Image -Store `"ssh://`$env:IMGSPS_TEST_USER@host`""
                "Get-Image -Store `"registry://`$env:IMGSPS_TEST_USER@host/x`""
                "Get-Image -Store `"https://`$env:IMGSPS_TEST_USER@host/x`""
                "Get-ImageStore `"tcp://`$env:IMGSPS_TEST_USER@host:2375`""
                "Find-Image `"https://`$env:IMGSPS_TEST_USER@host/x`""
                "Get-ImageManifest `"https://`$env:IMGSPS_TEST_USER@host/x`""
                "Remove-Image `"https://`$env:IMGSPS_TEST_USER@host/x`""
                "Add-ImageTag `"https://`$env:IMGSPS_TEST_USER@host/x`" `"`$env:IMGSPS_TEST_USER@host/x`""
            )
        }
        finally {
            $env:IMGSPS_TEST_USER = $null
        }

        $session.ids.Count | Should -BeGreaterOrEqual 15

        # What the user typed as an argument is PowerShell's to keep; what ImgsPS makes of it is not to have it.
        @(Find-Leak $session) -notlike 'errors:*' | Should -BeNullOrEmpty
        $session.errors -split '\r?\n' -notmatch '^\s*(Reference|Proxy|TrustedRealm|Store|Image|Name|Term|Target|Source|Destination|NewReference|BoundParameters)\s*[=:]' |
            ForEach-Object { $_ } | Find-TestSecret | Should -BeNullOrEmpty
    }

    It 'do not go to Docker by ssh arguments' -Skip:([System.IO.Path]::DirectorySeparatorChar -eq '\') {
        Add-Program ssh 'echo "no route" >&2; exit 255'
        $session = Invoke-Session "Invoke-ImagePull $address/team/app:1 -Store ssh://web1 -Credential (Get-TestCredential Registry)"
        $session.arguments | Should -Match 'ssh .*-- web1 docker system dial-stdio'
        $session.ids | Should -HaveCount 1
        Find-Leak $session | Should -BeNullOrEmpty
    }

    It 'do not go to Docker over plain TCP (RC5)' {
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Any, 0)
        try {
            # A name of this machine that is not loopback.
            $own = [System.Net.Dns]::GetHostAddresses([System.Net.Dns]::GetHostName()) | Where-Object {
                $_.AddressFamily -eq 'InterNetwork' -and -not [System.Net.IPAddress]::IsLoopback($_) } | Select-Object -First 1
            if (-not $own) { Set-ItResult -Skipped -Because 'this machine has no address but loopback'; return }
            $listener.Start()
            $session = Invoke-Session "Invoke-ImagePull $address/team/app:1 -Store tcp://${own}:$($listener.LocalEndpoint.Port) -Credential (Get-TestCredential Registry)"
            $session.ids | Should -Be 'AccessDenied,ImgsPS.Cmdlets.InvokeImagePullCommand'
            $listener.Pending() | Should -BeFalse
            Find-Leak $session | Should -BeNullOrEmpty
        }
        finally {
            $listener.Stop()
        }
    }
}
