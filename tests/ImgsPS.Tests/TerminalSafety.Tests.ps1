# RN29: whatever a server, a label or a document says is shown without control characters, in the module's views and in any other.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1", "$PSScriptRoot/Terminal.psm1" -Force
    Import-TestModule
    $noTerminal = Get-NoTerminalReason
    $esc = [char]27
    $bell = [char]7

    # Colours, a cleared screen, another title, a link, the clipboard, a line break, an overwritten line, and the other direction of
    # writing.
    $hostile = "OWNED$esc[31mred$esc[2J$esc]0;owned$bell$esc]8;;http://evil.example/$esc\link$esc]8;;$esc\$esc]52;c;b3duZWQ=$bell" +
    "CR`r`nLF`rback`b$([char]0x202E)gpj.exe$([char]0x2066)x$([char]0x9B)31m$([char]0x7F)$([char]0x85)END"

    # A layout of another tool's making in which all that can be hostile is.
    function New-HostileStore([string] $Folder) {
        $null = New-Item -ItemType Directory -Path "$Folder/blobs/sha256"
        function Add-Blob($Content) {
            $bytes = if ($Content -is [byte[]]) { $Content } else {
                [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Content -Depth 9 -Compress)) }
            $sha = [System.Security.Cryptography.SHA256]::Create()
            $hex = [System.BitConverter]::ToString($sha.ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
            $sha.Dispose()
            [System.IO.File]::WriteAllBytes("$Folder/blobs/sha256/$hex", $bytes)
            @{ digest = "sha256:$hex"; size = $bytes.Length }
        }

        $layer = Add-Blob ([byte[]](1..100))
        $config = Add-Blob @{
            architecture = 'amd64'; os = 'linux'; author = $hostile; created = '2024-01-15T08:30:00Z'
            config = @{
                Labels = @{ $hostile = $hostile; plain = $hostile }; Env = @("A=$hostile"); Cmd = @($hostile); Entrypoint = @($hostile)
                WorkingDir = $hostile; User = $hostile; StopSignal = $hostile; Shell = @($hostile); OnBuild = @($hostile)
                Volumes = @{ $hostile = @{} }; ExposedPorts = @{ $hostile = @{} }; Healthcheck = @{ Test = @('CMD', $hostile) }
            }
            rootfs = @{ type = 'layers'; diff_ids = @($layer.digest) }
            history = @(@{ created = '2024-01-15T08:30:00Z'; created_by = $hostile; author = $hostile; comment = $hostile })
        }
        $config.mediaType = 'application/vnd.oci.image.config.v1+json'
        $layer.mediaType = 'application/vnd.oci.image.layer.v1.tar'
        $manifest = Add-Blob @{
            schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = @($layer)
            annotations = @{ $hostile = $hostile; note = $hostile }
        }
        $manifest.mediaType = 'application/vnd.oci.image.manifest.v1+json'
        $named = $manifest.Clone()
        $named.annotations = @{ 'org.opencontainers.image.ref.name' = 'reg.example.com/team/app:1' }
        $bad = $manifest.Clone()
        $bad.annotations = @{ 'org.opencontainers.image.ref.name' = $hostile }
        [System.IO.File]::WriteAllText("$Folder/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        [System.IO.File]::WriteAllText("$Folder/index.json", (ConvertTo-Json @{ schemaVersion = 2; manifests = @($named, $bad) } -Depth 9))
    }

    # What a terminal would get: no colours of PowerShell's own, and no escapes taken out by it.
    function Get-Shown {
        $text = $input | Out-String -Width 220
        ($text -replace '\x1b\[0m').Replace("`r`n", "`n")
    }

    $controls = '[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
    function Assert-Harmless([string] $Text, [string] $Because) {
        $found = [regex]::Match($Text, $controls)
        $found.Success | Should -BeFalse `
            -Because $(if ($found.Success) { '{0}: U+{1:X4} is shown' -f $Because, [int]$found.Value[0] } else { $Because })
    }

    if ($PSVersionTable.PSVersion.Major -ge 7) {
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'Ansi'
        $styles = @{}
        foreach ($name in 'FormatAccent', 'TableHeader', 'CustomTableHeaderLabel', 'Error', 'ErrorAccent', 'Warning', 'Verbose', 'Debug',
            'FeedbackText', 'FeedbackName', 'FeedbackAction') {
            if ($PSStyle.Formatting.PSObject.Properties[$name]) { $styles[$name] = $PSStyle.Formatting.$name;
                $PSStyle.Formatting.$name = '' }
        }
    }

    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $layout = Join-Path $TestDrive 'layout'
    New-HostileStore $layout
    $broken = Join-Path $TestDrive 'broken'
    New-HostileStore $broken
    $layer = Get-ChildItem -Path "$broken/blobs/sha256" -File | Where-Object Length -EQ 100
    Remove-Item -LiteralPath $layer.FullName
    if ($env:OS -ne 'Windows_NT') { [System.IO.File]::WriteAllText("$broken/blobs/sha256/$esc]0;owned$bell", 'x') }
}

AfterAll {
    if ($PSVersionTable.PSVersion.Major -ge 7) {
        $PSStyle.OutputRendering = $rendering
        foreach ($name in $styles.Keys) { $PSStyle.Formatting.$name = $styles[$name] }
    }

    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'What is shown of hostile content' {
    It 'would not be harmless as it is: the check can fail' {
        $text = [pscustomobject]@{ Author = $hostile } | Format-List | Get-Shown
        [regex]::IsMatch($text, $controls) | Should -BeTrue
    }

    It '<Command> as <View> (RN29)' -ForEach @(
        foreach ($command in 'Get-Image', 'Get-ImageConfig', 'Get-ImageHistory', 'Get-ImageLayer', 'Get-ImageManifest', 'Get-ImageStore',
            'Test-ImageStore') {
            foreach ($view in 'the default view', 'Format-Table', 'Format-Table *', 'Format-List', 'Format-List *', 'Format-Wide *',
                'Format-Custom', 'ToString', 'single properties') {
                @{ Command = $command; View = $view }
            }
        }
    ) {
        $objects = @(switch ($Command) {
                'Get-Image' { Get-Image -Store $layout -WarningAction SilentlyContinue }
                'Get-ImageStore' { Get-ImageStore -Store $layout -WarningAction SilentlyContinue }
                'Test-ImageStore' { Test-ImageStore -Store $broken -Full }
                default { & $Command reg.example.com/team/app:1 -Store $layout }
            })
        $objects | Should -Not -BeNullOrEmpty
        $text = switch ($View) {
            'the default view' { $objects | Get-Shown }
            'Format-Table' { $objects | Format-Table -AutoSize | Get-Shown }
            'Format-Table *' { foreach ($name in $objects[0].PSObject.Properties.Name) { $objects | Format-Table $name -Wrap | Get-Shown } }
            'Format-List' { $objects | Format-List | Get-Shown }
            'Format-List *' { $objects | Format-List * -Force | Get-Shown }
            'Format-Wide *' { foreach ($name in $objects[0].PSObject.Properties.Name) { $objects | Format-Wide $name | Get-Shown } }
            'Format-Custom' { $objects | Format-Custom -Depth 3 | Get-Shown }
            'ToString' { $objects | ForEach-Object { "$_" } | Get-Shown }
            'single properties' { foreach ($one in $objects) {
                foreach ($property in $one.PSObject.Properties) { $property.Value | Get-Shown } } }
        }
        Assert-Harmless ($text -join "`n") "$Command, $View"
    }

    It 'is the text itself, with what controls a terminal replaced' {
        $image = Get-Image reg.example.com/team/app:1 -Store $layout -WarningAction SilentlyContinue
        $image.Author | Should -BeLike "OWNED$([char]0xFFFD)``[31mred*CR`r`nLF*END"
        $image.Labels['plain'] | Should -Be $image.Author
        $image | Format-List Author | Get-Shown | Should -Match 'OWNED'
    }

    It 'Find-Image: descriptions' {
        $null = Invoke-TestRegistry $registry options @{ search = $true }
        $null = Invoke-TestRegistry $registry search @{ name = 'evil'; description = $hostile; stars = 3; official = $false }
        $found = Find-Image evil -Registry $address
        $found.Name | Should -Be "$address/evil"
        Assert-Harmless ($found | Get-Shown) 'table'
        Assert-Harmless ($found | Format-List * | Get-Shown) 'list'
        $found.Description | Should -Not -Match '[\r\n]'
    }

    It 'errors, with details and advice: one line' {
        Add-TestFault $registry @{ action = 'status'; status = 403; match = '^(GET|HEAD) .*/manifests/'; value = (ConvertTo-Json @{
            errors = @(@{ code = 'DENIED'; message = $hostile }) } -Depth 4); headers = @{ 'Content-Type' = 'application/json' } }
        $null = Invoke-ImagePull "$address/team/app:1" -ErrorAction SilentlyContinue -ErrorVariable failed
        Reset-TestRegistry $registry
        $failed | Should -HaveCount 1
        $failed[0].Exception.Message | Should -Match 'OWNED'
        $failed[0].Exception.Message | Should -Not -Match '[\r\n]'
        Assert-Harmless ($failed[0] | Get-Shown) 'the error'
        Assert-Harmless ($failed[0] | Format-List * -Force | Get-Shown) 'the error''s list'
        Assert-Harmless "$($failed[0].ErrorDetails) $($failed[0].ErrorDetails.RecommendedAction)" 'the details'
    }

    It 'warnings, verbose and debug lines (RN28)' {
        $null = Add-TestImage $registry 'team/good:1'
        Add-TestFault $registry @{ action = 'body'; match = '^GET .*/tags/list';
            value = (ConvertTo-Json @{ name = 'team/good'; tags = @('1', $hostile, '../../x', 'CON') } -Depth 3) }
        Add-TestFault $registry @{ action = 'headers'; match = '.'; headers = @{ Warning = "299 - ""OWNED$([char]0x9B)31m note""" } }
        $records = & { $DebugPreference = 'Continue'; Invoke-ImagePull "$address/team/good" -AllTags -Verbose -ErrorAction Continue } *>&1
        Reset-TestRegistry $registry
        @($records | Where-Object { $_ -is [System.Management.Automation.WarningRecord] }) | Should -Not -BeNullOrEmpty
        Assert-Harmless ((@($records | ForEach-Object { "$_" })) -join "`n") 'the streams'
        Assert-Harmless ($records | Get-Shown) 'the streams as they are shown'
    }

    It 'a name of another tool''s that is none: the image can be tagged and removed by what is shown (RN28)' {
        $copy = Join-Path $TestDrive 'copy'
        Copy-Item -LiteralPath $layout -Destination $copy -Recurse
        $records = Get-Image -Store $copy -Verbose *>&1
        Assert-Harmless ((@($records | ForEach-Object { "$_" })) -join "`n") 'the streams'
        $odd = Get-Image -Store $copy | Where-Object Reference -NotLike 'reg.example.com/*'
        $odd | Should -HaveCount 1
        $odd.Reference | Should -BeNullOrEmpty -Because 'it is no reference (SF9)'
        $odd.RawName | Should -BeLike 'OWNED*' -Because 'it is shown in part'
        $odd | Out-String -Width 220 | Should -Match 'OWNED'
        ($odd | Add-ImageTag -Tag 'reg.example.com/team/found:1' -PassThru).Digest | Should -Be $odd.Digest
        ($odd | Remove-Image -PassThru).Untagged | Should -Be $odd.RawName
        (Get-Image -Store $copy).RawName | Should -Not -Contain $odd.RawName
    }
}

Describe 'A real terminal' {
    It 'keeps its title, its clipboard and its screen (RN29)' {
        if ($noTerminal) { Set-ItResult -Skipped -Because $noTerminal; return }
        $script = Join-Path $TestDrive 'show.ps1'
        [System.IO.File]::WriteAllText($script, @"
            Import-Module '$(Get-TestModulePath)'
            Get-Image -Store '$layout' -WarningAction SilentlyContinue | Format-List
            (Get-Image -Store '$layout' -WarningAction SilentlyContinue).Labels
            (Get-Image -Store '$layout' -WarningAction SilentlyContinue).Author
            Get-Image -Store '$layout' -WarningAction SilentlyContinue | Format-Table Reference, Labels, Author
            Get-ImageConfig reg.example.com/team/app:1 -Store '$layout'
            Get-ImageHistory reg.example.com/team/app:1 -Store '$layout' | Format-List
            Get-ImageManifest reg.example.com/team/app:1 -Store '$layout' | Format-List
            'the e' + 'nd'
"@)
        $terminal = Start-TestTerminal (@(Get-TestShell) + '-NoProfile', '-NonInteractive', '-File', $script)
        try {
            Wait-Until 'the script to end' { (Get-Screen $terminal) -match '(?m)^the end' } -Terminal $terminal
            $raw = [System.IO.File]::ReadAllText($terminal.Raw)
            $raw | Should -Match 'OWNED'
            $raw | Should -Not -Match '\x07|\x1b\]|\x1b\[2J|\x1b\[31mred|\x08|\x9b|\u202e'
            Invoke-Tmux $terminal display-message -p -t t '#{pane_title}' | Should -Not -Be 'owned'
            @(Invoke-Tmux $terminal list-buffers) | Should -BeNullOrEmpty
        }
        finally { Stop-TestTerminal $terminal }
    }

    It 'would not, if the text came to it as it is: the check can fail' {
        if ($noTerminal) { Set-ItResult -Skipped -Because $noTerminal; return }
        $file = Join-Path $TestDrive 'hostile'
        [System.IO.File]::WriteAllText($file, $hostile)
        $terminal = Start-TestTerminal cat, $file
        try {
            Wait-Until 'the title to change' { (Invoke-Tmux $terminal display-message -p -t t '#{pane_title}') -eq 'owned' } `
                -Terminal $terminal
            [System.IO.File]::ReadAllText($terminal.Raw) | Should -Match '\x1b\]52'
        }
        finally { Stop-TestTerminal $terminal }
    }
}
