# Tags of a registry behind Tab: who is asked, how often, and who never is (SF4, SF11).
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    foreach ($tag in '1', '1.2', '2', 'beta') { $null = Add-TestImage $registry "team/app:$tag" @{ layers = @(@{ seed = 1; size = 10 }) } }
    function Get-Completion([string] $Line) {
        ([System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null)).CompletionMatches }

    # The names differ from test to test: what a registry said is remembered.
    function New-Repository([string[]] $Tags = @('a', 'b')) {
        $name = 'r' + [guid]::NewGuid().ToString('N')
        foreach ($tag in $Tags) { $null = Add-TestImage $registry "${name}:$tag" }
        $name
    }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'The tags of a repository' {
    BeforeEach { Reset-TestRegistry $registry }

    It 'are offered by <Command>' -ForEach @(
        @{ Command = 'Invoke-ImagePull' }
        @{ Command = 'Pull-Image' }
        @{ Command = 'Get-ImageManifest' }
        @{ Command = 'Get-ImageConfig -Remote' }
    ) {
        (Get-Completion "$Command $address/team/app:").CompletionText |
            Should -Be "$address/team/app:1", "$address/team/app:1.2", "$address/team/app:2", "$address/team/app:beta"
        (Get-Completion "$Command $address/team/app:1").CompletionText | Should -Be "$address/team/app:1", "$address/team/app:1.2"
    }

    It 'are asked for once' {
        $name = New-Repository
        Reset-TestRegistry $registry
        foreach ($word in '', 'a', 'b', '') { $null = Get-Completion "Pull-Image $address/${name}:$word" }
        @(Get-TestRequest $registry) | Should -Be "GET /v2/$name/tags/list"
    }

    It 'are not asked for by <Line>' -ForEach @(
        @{ Line = 'Get-Image ADDRESS/NAME:' }
        @{ Line = 'Remove-Image ADDRESS/NAME:' }
        @{ Line = 'Get-ImageConfig ADDRESS/NAME:' }
        @{ Line = 'Add-ImageTag x -Tag ADDRESS/NAME:' }
        @{ Line = 'Pull-Image ADDRESS/NAME' }
        @{ Line = 'Pull-Image ADDRESS/' }
        @{ Line = 'Pull-Image NAME:' }
        @{ Line = 'Pull-Image ADDRESS/NAME@sha256:' }
        @{ Line = 'Pull-Image http://ADDRESS/NAME:' }
    ) {
        $name = New-Repository
        Reset-TestRegistry $registry
        $null = Get-Completion $Line.Replace('ADDRESS', $address).Replace('NAME', $name)
        @(Get-TestRequest $registry) | Should -BeNullOrEmpty
    }

    It 'come from one page, and an answer that is none is no more than nothing' {
        $name = New-Repository
        Reset-TestRegistry $registry
        Add-TestFault $registry @{ action = 'status'; match = "^GET /v2/$name/tags/list"; status = 500 }
        @(Get-Completion "Pull-Image $address/${name}:" | Where-Object CompletionText -Like "*$name*") | Should -BeNullOrEmpty
        @(Get-TestRequest $registry) | Should -Be "GET /v2/$name/tags/list"
    }

    It 'leave the store as it is' {
        $before = @(Get-ChildItem -LiteralPath $store -Recurse -Force | ForEach-Object FullName)
        $null = Get-Completion "Pull-Image $address/$(New-Repository):"
        @(Get-ChildItem -LiteralPath $store -Recurse -Force | ForEach-Object FullName) | Should -Be $before
    }
}

Describe 'A registry that is nobody of this session' {
    It 'is not connected to: <Line>' -ForEach @(
        @{ Line = 'Pull-Image HOST/team/app:' }
        @{ Line = 'Get-ImageManifest HOST/team/app:' }
        @{ Line = 'Get-ImageConfig -Remote HOST/team/app:' }
    ) {
        # A name of this machine that is no loopback address. Where there is none, there is nothing to connect to.
        $own = [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() | ForEach-Object { $_.GetIPProperties().UnicastAddresses } |
            Where-Object { $_.Address.AddressFamily -eq 'InterNetwork' -and -not [System.Net.IPAddress]::IsLoopback($_.Address) } | Select-Object -First 1
        if (-not $own) { Set-ItResult -Skipped -Because 'this machine has loopback addresses only'; return }
        $listener = [System.Net.Sockets.TcpListener]::new($own.Address, 0)
        $listener.Start()
        $seen = [hashtable]::Synchronized(@{ Count = 0 })
        $server = [powershell]::Create().AddScript({
                param($Listener, $Seen)
                $answer = [System.Text.Encoding]::ASCII.GetBytes("HTTP/1.1 404 Not Found`r`nContent-Length: 0`r`nConnection: close`r`n`r`n")
                try {
                    while ($true) {
                        $client = $Listener.AcceptTcpClient()
                        $Seen.Count++
                        $null = $client.GetStream().Read([byte[]]::new(4096), 0, 4096)
                        $client.GetStream().Write($answer, 0, $answer.Length)
                        $client.Dispose()
                    }
                }
                catch { $Seen.Ended = "$_" }
            }).AddArgument($listener).AddArgument($seen)
        $handle = $server.BeginInvoke()
        try {
            $line = $Line.Replace('HOST', "$($listener.LocalEndpoint)")
            $null = Get-Completion $line
            Start-Sleep -Milliseconds 300
            $seen.Count | Should -Be 0

            # The check can fail: once the session has asked the registry, Tab does too.
            $null = Get-ImageManifest "$($listener.LocalEndpoint)/team/app:1" -PlainHttp -ErrorAction SilentlyContinue
            $asked = $seen.Count
            $asked | Should -BeGreaterThan 0
            $null = Get-Completion $line
            $seen.Count | Should -BeGreaterThan $asked
        }
        finally {
            $listener.Stop()
            $null = try { $server.EndInvoke($handle) } catch { "$_" }
            $server.Dispose()
        }
    }

    It 'gets no credentials, and starts no helper' -Skip:($env:OS -eq 'Windows_NT') {
        $saved = $env:DOCKER_CONFIG, $env:PATH
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'tools')).FullName
        $started = Join-Path $TestDrive 'started'
        [System.IO.File]::WriteAllText("$tools/docker-credential-test", "#!/bin/sh`ntouch '$started'`necho '{}'`n")
        chmod +x "$tools/docker-credential-test"
        [System.IO.File]::WriteAllText("$TestDrive/config.json", '{ "credsStore": "test" }')
        $other = Start-TestRegistry
        try {
            $env:DOCKER_CONFIG = "$TestDrive"
            $env:PATH = $tools + [System.IO.Path]::PathSeparator + $env:PATH
            $null = Invoke-TestRegistry $other options @{ auth = 'bearer' }
            $null = Add-TestImage $other 'team/app:1'
            Reset-TestRegistry $other
            $null = Get-Completion "Pull-Image $($other.Host)/team/app:"
            Test-Path -LiteralPath $started | Should -BeFalse
            @(Get-TestRequest $other) | Should -HaveCount 1

            # The check can fail: a command does start it.
            $null = Get-ImageManifest "$($other.Host)/team/app:1" -ErrorAction SilentlyContinue
            Test-Path -LiteralPath $started | Should -BeTrue
        }
        finally {
            $env:DOCKER_CONFIG, $env:PATH = $saved
            Stop-TestRegistry $other
        }
    }
}
