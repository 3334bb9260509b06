BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 10 }) }
    $null = Add-TestImage $registry 'team/tool:2'
    $null = Invoke-ImagePull "$address/team/app:1", "$address/team/tool:2"
    function Get-Completion([string] $Line) {
        ([System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null)).CompletionMatches }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'Completion' {
    It 'offers the references of the store for <Command>' -ForEach @{ Command = 'Get-Image' }, @{ Command = 'Remove-Image' },
        @{ Command = 'Get-ImageManifest' }, @{ Command = 'Invoke-ImagePull' } {
        $found = Get-Completion "$Command $address/te"
        $found.CompletionText | Sort-Object | Should -Be "$address/team/app:1", "$address/team/tool:2"
        foreach ($match in $found) { $match.ToolTip | Should -Match '^[0-9a-f]{12}, .*MB, created ' }
    }

    It 'offers what a part of the name begins: <Word>' -ForEach @(
        @{ Word = 'app'; Found = 'team/app:1' }
        @{ Word = 'too'; Found = 'team/tool:2' }
        @{ Word = 'TOOL'; Found = 'team/tool:2' }
        @{ Word = 'team/to'; Found = 'team/tool:2' }
        @{ Word = 'tool:2'; Found = 'team/tool:2' }
        @{ Word = 'ool'; Found = 'team/tool:2' }
    ) {
        foreach ($command in 'Get-Image', 'Remove-Image', 'Invoke-ImagePull', 'Get-ImageLayer') {
            @((Get-Completion "$command $Word").CompletionText)[0] | Should -Be "$address/$Found"
        }
    }

    It 'does not offer every image for a word that is in its tag' {
        $null = Add-TestImage $registry 'team/other:latest'
        $null = Invoke-ImagePull "$address/team/other:latest"
        @((Get-Completion 'Get-Image lates').CompletionText) | Should -Not -Contain "$address/team/other:latest"
        @((Get-Completion 'Get-Image other:lates').CompletionText) | Should -Contain "$address/team/other:latest"
        Remove-Image "$address/team/other:latest"
    }

    It 'puts what the word begins before what it is in' {
        Add-ImageTag "$address/team/tool:2" 'app:9', 'x/myapp:9'
        @((Get-Completion 'Get-Image app').CompletionText) | Should -Be 'app:9', "$address/team/app:1", 'x/myapp:9'
        Remove-Image app:9, x/myapp:9
    }

    It 'offers the id of a named image from its first digits' {
        $image = Get-Image "$address/team/tool:2"
        $digits = $image.Id.Substring(7)
        foreach ($length in 4, 7, 12) {
            $found = Get-Completion "Get-ImageConfig $($digits.Substring(0, $length))"
            $found.CompletionText | Should -Be $digits.Substring(0, 12)
            $found.ToolTip | Should -BeLike "$address/team/tool:2, *"
        }

        (Get-Completion "Get-Image $($image.Id.Substring(0, 12))").CompletionText | Should -Be $image.Id
        (Get-Image $digits.Substring(0, 12)).Reference | Should -Be "$address/team/tool:2"
    }

    It 'offers what a filter may compare with: <Word>' -ForEach @(
        @{ Word = 'before=tool'; Found = 'before=ADDRESS/team/tool:2' }
        @{ Word = 'since=ADDRESS/team/a'; Found = 'since=ADDRESS/team/app:1' }
        @{ Word = 'reference=tool'; Found = 'reference=ADDRESS/team/tool', 'reference=ADDRESS/team/tool:2' }
        @{ Word = 'label=en'; Found = 'label=env' }
        @{ Word = 'label=env='; Found = 'label=env=prod' }
        @{ Word = 'label!=env=p'; Found = 'label!=env=prod' }
        @{ Word = 'label=nosuch'; Found = @() }
    ) {
        $null = Add-TestImage $registry 'team/labels:1' @{ labels = @{ env = 'prod' } }
        $null = Invoke-ImagePull "$address/team/labels:1"
        $found = @((Get-Completion "Get-Image -Filter $($Word.Replace('ADDRESS', $address))").CompletionText.Where({ $_ }) -replace "^'|'$")
        $found | Should -Be @($Found | ForEach-Object { $_.Replace('ADDRESS', $address) })
        foreach ($filter in $found) { { Get-Image -Filter $filter -ErrorAction Stop } | Should -Not -Throw }
        Remove-Image "$address/team/labels:1"
    }

    It 'offers the platforms of an index that is in the store' {
        $null = Add-TestIndex $registry 'team/multi:1' @(@{ os = 'linux'; architecture = 's390x' }, @{ os = 'linux'; architecture = 'arm'; variant = 'v7' },
            @{ os = 'windows'; architecture = 'amd64'; osVersion = '10.0.20348.9' })
        $null = Invoke-ImagePull "$address/team/multi:1" -Platform linux/s390x
        foreach ($line in "Invoke-ImagePull $address/team/multi:1 -Platform ", "Get-ImageConfig -Image $address/team/multi:1 -Platform ") {
            (Get-Completion $line).ListItemText | Should -Be 'linux/s390x', 'linux/arm/v7', 'windows(10.0.20348.9)/amd64'
        }

        (Get-Completion "Invoke-ImagePull $address/team/multi:1 -Platform win").CompletionText | Should -Be "'windows(10.0.20348.9)/amd64'"
        (Get-Completion "Invoke-ImagePull $address/team/app:1 -Platform linux/arm6").CompletionText | Should -Be 'linux/arm64'
        Remove-Image "$address/team/multi:1"
    }

    It 'goes on from a word in quotes' {
        (Get-Completion "Get-Image '$address/team/a").CompletionText | Should -Be "$address/team/app:1"
    }

    It 'offers the id of an untagged image' {
        $old = Get-Image "$address/team/app:1"
        $null = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 9; size = 10 }) }
        $null = Invoke-ImagePull "$address/team/app:1"
        $id = $old.Id.Substring(7, 12)
        (Get-Completion "Get-Image $($id.Substring(0, 6))").CompletionText | Should -Be $id
    }

    It 'looks into the store that -Store names' {
        $other = Join-Path $store 'other'
        $null = Invoke-ImagePull "$address/team/tool:2" -Store $other
        (Get-Completion "Get-Image -Store '$other' $address/").CompletionText | Should -Be "$address/team/tool:2"
        Push-Location $store
        try {
            (Get-Completion "Get-Image -Store ./other $address/").CompletionText | Should -Be "$address/team/tool:2"
            (Get-Completion "Get-Image -Store other $address/").CompletionText | Should -Be "$address/team/tool:2"
        }
        finally { Pop-Location }
    }

    It 'offers nothing, and throws nothing, when the store cannot be read' {
        Get-Completion "Get-Image -Store nodrive:\x $address/" | Where-Object CompletionText -Like "$address*" | Should -BeNullOrEmpty
    }

    It 'offers platforms, quoted where they need it' {
        (Get-Completion 'Invoke-ImagePull x -Platform linux/arm6').CompletionText | Should -Be 'linux/arm64'
        $windows = (Get-Completion 'Invoke-ImagePull x -Platform windows').CompletionText
        $windows | Should -Contain "'windows(10.0.20348)/amd64'"
    }

    It 'offers filters' {
        (Get-Completion 'Get-Image -Filter dan').CompletionText | Should -Be 'dangling=true', 'dangling=false'
    }

    It 'offers filters that the command takes' {
        foreach ($filter in (Get-Completion 'Get-Image -Filter ').CompletionText) {
            $text = $filter.Trim("'")
            $value = switch -Wildcard ($text) { 'label*' { 'x' } 'before=' { "$address/team/tool:2" } 'since=' {
                "$address/team/tool:2" } 'until=' { '24h' } 'reference=' { '*' } default { '' } }
            { Get-Image -Filter ($text + $value) -ErrorAction Stop } | Should -Not -Throw -Because $text
        }
    }

    It 'offers the local store' {
        (Get-Completion 'Get-Image -Store lo').CompletionText | Should -Contain 'local'
    }

    It 'offers the addresses that docker knows' {
        $found = Get-Completion 'Get-Image -Store '
        $found.CompletionText | Should -Contain 'docker'
        $found.CompletionText | Should -Contain 'docker:default'
        if ($env:OS -ne 'Windows_NT') { $found.CompletionText | Should -Contain 'unix:///var/run/docker.sock' }
        foreach ($match in $found) { $match.ToolTip | Should -Not -BeNullOrEmpty }
    }

    It 'completes the last of several stores' {
        (Get-Completion 'Get-Image -Store local, dock').CompletionText | Should -Contain 'docker'
    }

    It 'offers the references of several stores, and leaves out one that fails or hangs' {
        $other = Join-Path $store 'second'
        $null = Add-TestImage $registry 'team/only:1'
        $null = Invoke-ImagePull "$address/team/only:1" -Store $other
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $found = Get-Completion "Get-Image -Store local, '$other', tcp://127.0.0.1:1, tcp://$($listener.LocalEndpoint) $address/team/"
            $found.CompletionText | Should -Contain "$address/team/only:1"
            $found.CompletionText | Should -Contain "$address/team/tool:2"
        }
        finally { $listener.Stop() }
    }

    It 'offers names for Add-ImageTag' {
        $found = (Get-Completion "Add-ImageTag x -Tag $address/team/t").CompletionText
        $found | Should -Be "$address/team/tool:", "$address/team/tool:2"
    }
}

Describe 'Completion with contexts that others made (SF11)' {
    BeforeAll {
        $esc = [char]27
        $bell = [char]7
        $hostile = "web$esc]52;c;b3duZWQ=$bell$esc[2J`r`n$([char]0x202E)gpj$([char]0x9B)31m"
        $before = $env:DOCKER_CONFIG, $env:DOCKER_CONTEXT, $env:DOCKER_HOST, $env:PATH
        $config = Join-Path $TestDrive 'docker'
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()

        function Add-Context([string] $Name, [string] $Address, [string] $Description) {
            $sha = [System.Security.Cryptography.SHA256]::Create()
            $id = [System.BitConverter]::ToString($sha.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Name))).Replace('-', '').ToLower()
            $sha.Dispose()
            $folder = (New-Item -ItemType Directory -Path "$config/contexts/meta/$id").FullName
            [System.IO.File]::WriteAllText("$folder/meta.json", (ConvertTo-Json -Depth 5 @{
                Name = $Name; Metadata = @{ Description = $Description }; Endpoints = @{ docker = @{ Host = $Address } } }))
        }

        Add-Context good 'ssh://good.example.com' 'plain words'
        Add-Context loud 'ssh://loud.example.com' $hostile
        Add-Context odd "unix:///tmp/$([char]0xE000).sock" 'a private character'
        Add-Context $hostile 'ssh://evil.example.com' 'x'
        Add-Context "a$([char]0x202E)b" 'ssh://evil.example.com' 'x'
        Add-Context near "tcp://$($listener.LocalEndpoint)" 'a listener'

        # Whoever starts ssh leaves a file.
        $started = Join-Path $TestDrive 'started'
        $tools = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'tools')).FullName
        if ($env:OS -ne 'Windows_NT') {
            [System.IO.File]::WriteAllText("$tools/ssh", "#!/bin/sh`ntouch '$started'`n")
            chmod +x "$tools/ssh"
        }

        $env:DOCKER_CONFIG = $config
        $env:DOCKER_CONTEXT = $null
        $env:DOCKER_HOST = $null
        $env:PATH = $tools + [System.IO.Path]::PathSeparator + $env:PATH
    }

    AfterAll {
        $env:DOCKER_CONFIG, $env:DOCKER_CONTEXT, $env:DOCKER_HOST, $env:PATH = $before
        $listener.Stop()
    }

    It 'shows printable text, and leaves out the names that are none' {
        $found = Get-Completion 'Get-Image -Store '
        $found.CompletionText | Should -Contain 'docker:good'
        $found.CompletionText | Should -Contain 'docker:loud'
        $found.CompletionText | Should -Not -Match 'evil|52;c|gpj'
        @($found.CompletionText -like '*a*b*') | Where-Object { $_ -match [char]0x202E } | Should -BeNullOrEmpty
        foreach ($text in $found.CompletionText + $found.ListItemText + $found.ToolTip) {
            $text | Should -Not -Match '[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000]'
        }

        ($found | Where-Object CompletionText -EQ 'docker:loud').ToolTip | Should -BeLike 'ssh://loud.example.com (web?]52*'
        ($found | Where-Object CompletionText -EQ 'docker:good').ToolTip | Should -Be 'ssh://good.example.com (plain words)'
    }

    It 'starts no ssh and connects to nobody: <Line>' -ForEach @(
        @{ Line = 'Get-Image -Store docker:good ' }
        @{ Line = 'Get-Image -Store ssh://good.example.com ' }
        @{ Line = 'Remove-Image -Store docker '; Context = 'good' }
        @{ Line = 'Add-ImageTag x -Store docker:good -Tag a' }
        @{ Line = 'Get-Image -Store docker:near ' }
        @{ Line = 'Get-Image -Store tcp://LISTENER ' }
        @{ Line = 'Get-Image -Store docker '; Address = 'tcp://LISTENER' }
        @{ Line = 'Get-Image -Store registry://LISTENER ' }
        @{ Line = 'Get-Image -Store \\127.0.0.1\share ' }
        @{ Line = 'Get-Image -Store ' }
        @{ Line = 'Get-Image -Store docker:'; Context = 'good' }
    ) {
        $env:DOCKER_CONTEXT = $Context
        $env:DOCKER_HOST = if ($Address) { $Address.Replace('LISTENER', "$($listener.LocalEndpoint)") }
        try { $null = Get-Completion $Line.Replace('LISTENER', "$($listener.LocalEndpoint)") }
        finally { $env:DOCKER_CONTEXT, $env:DOCKER_HOST = $null, $null }
        Start-Sleep -Milliseconds 300
        $listener.Pending() | Should -BeFalse
        Test-Path -LiteralPath $started | Should -BeFalse
    }

    It 'would see both: the check can fail' {
        Get-Image -Store docker:good -ErrorAction SilentlyContinue
        if ($env:OS -ne 'Windows_NT') { Test-Path -LiteralPath $started | Should -BeTrue }
        $client = [System.Net.Sockets.TcpClient]::new()
        $client.Connect($listener.LocalEndpoint)
        $listener.Pending() | Should -BeTrue
        $client.Dispose()
    }
}
