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
