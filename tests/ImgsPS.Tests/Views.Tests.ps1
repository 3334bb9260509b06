BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $id = 'sha256:' + '3fa4c2d1e0b9'.PadRight(64, '0')

    function New-Result([string] $Type, [hashtable] $Values) {
        $class = [type]"ImgsPS.$Type"
        $result = $class::new()
        foreach ($name in $Values.Keys) { $class.GetProperty($name).SetValue($result, $Values[$name]) }
        $result
    }

    # A table's rows, each as its cells.
    function Get-Row($Value) {
        $text = $Value | Format-Table | Out-String -Width 160
        if ($PSVersionTable.PSVersion.Major -ge 7) { $text = $text -replace '\x1b\[[0-9;]*m' }
        $text.Trim() -split '\r?\n' | Select-Object -Skip 2 | ForEach-Object { , ($_.Trim() -split '\s{2,}') }
    }
}

Describe 'The table of images' {
    It 'shows repository, tag, id, age and size' {
        $image = New-Result Image @{ Reference = 'ubuntu:24.04'; Repository = 'ubuntu'; Tag = '24.04'; Id = $id;
            Created = [DateTimeOffset]::Now.AddDays(-21); Size = 43499999L }
        $text = $image | Format-Table | Out-String -Width 120
        $text | Should -Match 'Repository\s+Tag\s+Id\s+Created\s+Size'
        $text | Should -Match 'ubuntu\s+24\.04\s+3fa4c2d1e0b9 3 weeks ago\s+43\.5MB'
    }

    It 'shows the layers of an image, whole in 79 columns' {
        $layer = New-Result ImageLayer @{ Digest = $id; DiffId = $id; Size = 43499999L }
        $text = $layer | Format-Table | Out-String -Width 79
        $text | Should -Match 'Digest\s+DiffId\s+Size\s+CreatedBy\s+Shared'
        $text | Should -Match '3fa4c2d1e0b9 3fa4c2d1e0b9\s+43\.5MB\s+0'
    }

    It 'shows <none> for what is not there, and N/A for no time (L1, L4)' {
        $text = New-Result Image @{ Id = $id; Size = 12L } | Format-Table | Out-String -Width 120
        $text | Should -Match '<none>\s+<none>\s+3fa4c2d1e0b9 N/A\s+12B'
    }

    It 'shows <Size> bytes as <Text> (L5)' -ForEach @(
        @{ Size = 0; Text = '0B' }
        @{ Size = 999; Text = '999B' }
        @{ Size = 1000; Text = '1kB' }
        @{ Size = 1024; Text = '1.02kB' }
        @{ Size = 43500000; Text = '43.5MB' }
        @{ Size = 999600; Text = '1MB' }
        @{ Size = 123456789; Text = '123MB' }
        @{ Size = 1234567890123; Text = '1.23TB' }
    ) {
        New-Result Image @{ Id = $id; Size = [long]$Size } | Format-Table | Out-String -Width 120 |
            Should -Match "\s$([regex]::Escape($Text))\s*(\x1b\[0m)?\s*$"
    }

    It 'shows an age of <Hours> hours as <Text>' -ForEach @(
        @{ Hours = 0.9; Text = '54 minutes ago' }
        @{ Hours = 1.1; Text = 'About an hour' }
        @{ Hours = 47; Text = '47 hours ago' }
        @{ Hours = 49; Text = '2 days ago' }
        @{ Hours = 24 * 15; Text = '2 weeks ago' }
        @{ Hours = 24 * 70; Text = '2 months ago' }
        @{ Hours = 24 * 800; Text = '2 years ago' }
        @{ Hours = -5; Text = 'In the future' }
    ) {
        $created = [DateTimeOffset]::Now.AddHours(-$Hours).AddSeconds(-1)
        New-Result Image @{ Id = $id; Created = $created } | Format-Table | Out-String -Width 120 | Should -Match $Text
    }

    It 'fits 80 columns with a long repository' {
        $image = New-Result Image @{ Repository = 'mcr.microsoft.com/windows/servercore/iis'; Tag = 'windowsservercore-ltsc2022';
            Id = $id; Created = [DateTimeOffset]::Now.AddDays(-100); Size = 2345678901L }
        $text = $image | Format-Table | Out-String -Width 80
        $text | Should -Match '2\.35GB'
        $text | Should -Match 'rvercore/iis'
        $text | Should -Match '3fa4c2d1e0b9'
    }

    It 'sorts by what the properties are, not by what is shown' {
        $images = 5MB, 900, 80kb | ForEach-Object { New-Result Image @{ Id = $id; Size = [long]$_ } }
        ($images | Sort-Object Size).Size | Should -Be 900, 80kb, 5MB
    }

    It 'has a list of the properties that matter' {
        $text = New-Result Image @{ Reference = 'a:1'; Id = $id } | Format-List | Out-String -Width 200
        $text | Should -Match '(?m)^Reference\s+: a:1'
        $text | Should -Match '(?m)^Id\s+: sha256:3fa4c2d1e0b9'
        $text | Should -Not -Match '(?m)^Layers'
    }
}

Describe 'The other tables' {
    It 'show a manifest' {
        $text = New-Result ImageManifest @{ Reference = 'a:1'; Digest = $id; Size = 528L;
            MediaType = 'application/vnd.oci.image.manifest.v1+json'; Platform = [ImgsPS.Platform]::Parse('linux/arm64') } |
            Format-Table | Out-String -Width 120
        $text | Should -Match 'Reference: a:1\s+Platform[^\r\n]*\s+[-\s]+linux/arm64\S*\s+sha256:3fa4c2d1e0b9\s+528B\s+N/A'
    }

    It 'show a search result (S5)' {
        $text = New-Result ImageSearchResult @{ Name = 'nginx'; Description = ('x' * 60); Stars = 17; Official = $true } | Format-Table |
            Out-String -Width 120
        $text | Should -Match "nginx\s+17 \[OK\]\s+x{44}\u2026"
    }

    It 'show a removal and a store' {
        New-Result ImageRemoval @{ Image = 'a:1'; Untagged = [string[]]'a:1'; BytesFreed = 1500L; Store = 'local' } | Format-Table |
            Out-String -Width 120 |
            Should -Match 'a:1\s+1\s+0\s+1\.5kB local'
        New-Result ImageRemoval @{ Image = 'a:1'; Untagged = [string[]]'a:1'; BytesUnreferenced = 1500L; Store = 'registry://h:1' } |
            Format-Table | Out-String -Width 120 | Should -Match 'a:1\s+1\s+0\s+1\.5kB left registry://h:1'
        New-Result ImageRemoval @{ Image = 'a:1'; Status = [ImgsPS.ImageRemovalStatus]::AlreadyGone; Reason = 'it was not there' } | Format-Table |
            Out-String -Width 120 | Should -Match '(?m)^a:1: gone already\s'
        New-Result ImageStoreInfo @{ Store = 'docker:web1'; Kind = 'docker'; Images = 3; InUse = 2; Dangling = 1; Bytes = 2000000L;
            ReclaimableBytes = 1500L } | Out-String -Width 80 |
            Should -Match '(?m)^docker:web1\s+docker\s+3\s+2\s+1\s+2MB\s+1\.5kB\s*$'
        $list = New-Result ImageStoreInfo @{ Store = 'local'; Path = '/x'; Images = 3; Bytes = 2000000L } | Format-List |
            Out-String -Width 120
        $list | Should -Match '(?m)^Path\s+: /x\s*$'
        $list | Should -Match '(?m)^Bytes\s+: 2000000\s*$'
    }

    It 'show a layer with the command that made it and how many share it' {
        $layer = New-Result ImageLayer @{ Reference = 'a:1'; DiffId = $id; Size = 1500L; CreatedBy = "RUN  make`n install";
            SharedWith = [string[]]('b:1', 'c:1') }
        $layer | Out-String -Width 100 |
            Should -Match 'Reference: a:1\s+Digest[^\r\n]*\s+[-\s]+<none>\s+3fa4c2d1e0b9\s+1\.5kB RUN make install\s+2'
        New-Result ImageLayer @{ DiffId = $id; CreatedBy = 'RUN make' } | Out-String -Width 100 |
            Should -Match '3fa4c2d1e0b9\s+N/A RUN make'
    }

    It 'show a history as docker does' {
        $steps = @(
            New-Result ImageHistoryEntry @{ Reference = 'a:1'; Id = $id; CreatedBy = ('x' * 60); Size = 1500L;
                Comment = 'buildkit.dockerfile.v0'; Created = [DateTimeOffset]::Now.AddDays(-21) }
            New-Result ImageHistoryEntry @{ Reference = 'a:1'; CreatedBy = 'CMD ["sh"]'; EmptyLayer = $true; Size = 0L }
        )
        $text = $steps | Out-String -Width 120
        $text | Should -Match 'Id\s+Created\s+CreatedBy\s+Size\s+Comment'
        $text | Should -Match '3fa4c2d1e0b9 3 weeks ago\s+x{60}\s+1\.5kB buildkit'
        $text | Should -Match '<missing>\s+N/A\s+CMD \["sh"\]\s+0B'
    }

    It 'show a config as a list, the same when it was serialized' {
        $env = [System.Collections.Generic.Dictionary[string, string]]::new()
        $env['PATH'] = '/bin'
        $config = New-Result ImageConfig @{ Reference = 'a:1'; Id = $id; Env = $env; Entrypoint = [string[]]('/run', 'two words');
            Command = [string[]]'sh'; Created = [DateTimeOffset]::Now }
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($config))
        $copy.Created | Should -BeOfType DateTimeOffset
        $copy.Env['PATH'] | Should -Be '/bin'
        foreach ($one in $config, $copy) {
            $text = $one | Out-String -Width 120
            $text | Should -Match '(?m)^Env\s+: PATH=/bin\s*$'
            $text | Should -Match '(?m)^Entrypoint\s+: /run "two words"\s*$'
            $text | Should -Match '(?m)^Command\s+: sh\s*$'
        }
    }
}

# Repositories, tags and other names as long as they come; each with what must stand on one line from which width on.
Describe 'Tables of long names in <Width> columns' -ForEach @{ Width = 80 }, @{ Width = 120 }, @{ Width = 200 } {
    BeforeAll {
        $ids = 1..6 | ForEach-Object { 'sha256:' + "${_}fa4c2d1e0b9".PadRight(64, "$_") }
        $names = @(
            @{ Repository = 'ubuntu'; Tag = '24.04' }
            @{ Repository = 'mcr.microsoft.com/windows/nanoserver'; Tag = 'ltsc2022' }
            @{ Repository = 'mcr.microsoft.com/windows/servercore/iis'; Tag = 'windowsservercore-ltsc2022' }
            @{ Repository = 'registry.example.com:5000/platform/team-a/services/payment-gateway'; Tag = '9f2b6c1d0e8a7f4b3c2d1e0f9a8b7c6d5e4f3a2b' }
            @{ Repository = '[2001:db8::1]:5000/team/app'; Tag = '1.0' }
        )
        $rows = for ($i = 0; $i -lt $names.Count; $i++) {
            New-Result Image @{ Reference = "$($names[$i].Repository):$($names[$i].Tag)"; Repository = $names[$i].Repository;
                Tag = $names[$i].Tag; Id = $ids[$i]; Created = [DateTimeOffset]::Now.AddMinutes(-58); Size = 999400000L; Store = 'docker:web1' }
        }
        $rows += New-Result Image @{ Id = $ids[5]; Size = 1234567890123L; Store = 'local' }

        function Get-Line($Value) {
            $text = $Value | Out-String -Width $Width
            if ($PSVersionTable.PSVersion.Major -ge 7) { $text = $text -replace '\x1b\[[0-9;]*m' }
            $text -split '\r?\n'
        }

        # The texts of a column, with what wrapped put together again.
        function Get-Cell([string[]] $Lines, [string] $Column) {
            $rule = @($Lines -match '^[- ]+$')[0]
            $head = $Lines[[array]::IndexOf($Lines, $rule) - 1]
            $start = $head.IndexOf($Column)
            $next = [regex]::Match($head.Substring($start + $Column.Length), '\S')
            $end = if ($next.Success) { $start + $Column.Length + $next.Index - 1 } else { $Width }
            -join ($Lines[([array]::IndexOf($Lines, $rule) + 1)..$Lines.Count] | Where-Object { $_.Length -gt $start } |
                ForEach-Object { $_.Substring($start, [System.Math]::Min($end, $_.Length) - $start).Trim() })
        }
    }

    It 'show all of every image' {
        $lines = Get-Line $rows
        foreach ($line in $lines) { $line.TrimEnd().Length | Should -BeLessOrEqual $Width }
        ($lines -join "`n") | Should -Match 'Repository\s+Tag\s+Id\s+Created\s+Size'
        foreach ($id in $ids) { @($lines -match $id.Substring(7, 12)) | Should -HaveCount 1 }
        @($lines -match '58 minutes ago\s+999MB') | Should -HaveCount 5
        Get-Cell $lines Repository | Should -Be (-join ($names.Repository + '<none>'))
        Get-Cell $lines Tag | Should -Be (-join ($names.Tag + '<none>'))
    }

    It 'show names on one line where they fit' {
        $lines = Get-Line $rows
        $fits = if ($Width -eq 80) { $names | Where-Object { $_.Repository.Length -le 21 -and $_.Tag.Length -le 20 } }
            elseif ($Width -eq 120) { $names | Where-Object { $_.Repository.Length -le 41 -and $_.Tag.Length -le 40 } } else { $names }
        foreach ($name in $fits) {
            @($lines -match ('\s' + [regex]::Escape($name.Repository) + '\s+' + [regex]::Escape($name.Tag) + '\s')) | Should -HaveCount 1
        }
    }

    It 'show the store of rows of several stores' {
        $several = $rows | ForEach-Object { $row = [psobject]$_; $row.PSTypeNames.Insert(0, 'ImgsPS.Image#Stores'); $row }
        foreach ($some in $several, @($several | ForEach-Object {
                    [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_)) })) {
            $lines = Get-Line $some
            @($lines -match '^docker:web1\s') | Should -HaveCount 5
            @($lines -match '^local\s') | Should -HaveCount 1
            foreach ($id in $ids) { @($lines -match $id.Substring(7, 12)) | Should -HaveCount 1 }
            Get-Cell $lines Repository | Should -Be (-join ($names.Repository + '<none>'))
        }
    }

    It 'do not wrap the names and digests of removals' {
        $removals = 'ubuntu:24.04', 'mcr.microsoft.com/windows/nanoserver:ltsc2022', $ids[0], "reg.example.com/team/app@$($ids[1])" |
            ForEach-Object { New-Result ImageRemoval @{ Image = $_; Deleted = [string[]]$ids[2]; BytesFreed = 999400000L; Store = 'local' } }
        $lines = Get-Line $removals
        $lines.Length | Should -BeLessThan 12
        @($lines -match '^mcr\.microsoft\.com/windows/nanoserver:ltsc2022\s+0\s+1\s+999MB\s+local\s*$') | Should -HaveCount 1
        @($lines -match "^$($ids[0].Substring(0, 19))\s+0\s+1\s+999MB\s+local\s*$") | Should -HaveCount 1
        @($lines -match "^reg\.example\.com/team/app@$($ids[1].Substring(0, 19))\s+0\s+1\s+999MB\s+local\s*$") | Should -HaveCount 1
    }

    It 'do not wrap the names that a search found' {
        $found = @(
            New-Result ImageSearchResult @{ Name = 'nginx'; Description = ('word ' * 20); Stars = 21017; Official = $true }
            New-Result ImageSearchResult @{ Name = 'registry.example.com:5000/platform/team-a/payment-gateway' }
            New-Result ImageSearchResult @{ Name = 'bitnami/nginx'; Description = 'Bitnami container image'; Stars = 200 }
        )
        $lines = Get-Line $found
        @($lines -match '^registry\.example\.com:5000/platform/team-a/payment-gateway\s+0\s*$') | Should -HaveCount 1
        @($lines -match '^nginx\s+21017 \[OK\]\s+wo') | Should -HaveCount 1
    }

    It 'show digests and platforms whole, and short digests' {
        $manifest = New-Result ImageManifest @{ Reference = 'a:1'; Digest = $ids[0]; Size = 528L; ContentSize = 999400000L;
            Platform = [ImgsPS.Platform]::Parse('windows(10.0.20348.2322)/amd64') }
        @((Get-Line $manifest) -match "^windows\(10\.0\.20348\.2322\)/amd64\s+$($ids[0].Substring(0, 19))\s+528B\s+999MB") | Should -HaveCount 1
    }
}

Describe 'Format-Wide' {
    It 'shows <Shown>' -ForEach @(
        @{ Shown = 'mcr.microsoft.com/windows/nanoserver:ltsc2022'; Values = @{ Reference = 'mcr.microsoft.com/windows/nanoserver:ltsc2022' } }
        @{ Shown = 'Un Named'; Values = @{ RawName = 'Un Named' } }
        @{ Shown = 'sha256:3fa4c2d1e0b9'; Values = @{} }
    ) {
        $image = New-Result Image ($Values + @{ Id = $id; Repository = 'other' })
        ($image | Format-Wide | Out-String -Width 120).Trim() | Should -Be $Shown
    }
}

Describe 'An image in use' {
    It 'is marked' {
        (New-Result Image @{ Id = $id; Repository = 'a'; Tag = '1'; InUse = $true } | Out-String -Width 80) | Should -Match '(?m)^U a\s+1\s'
        (New-Result Image @{ Id = $id; Repository = 'a'; Tag = '1' } | Out-String -Width 80) | Should -Match '(?m)^  a\s+1\s'
    }
}

Describe 'The view files' {
    It 'have no code of ours in them' {
        $folder = Split-Path (Get-TestModulePath)
        foreach ($file in Get-ChildItem -Path "$folder/*.ps1xml") {
            $xml = [xml](Get-Content -LiteralPath $file.FullName -Raw)
            foreach ($script in $xml.SelectNodes('//ScriptBlock | //GetScriptBlock')) { $script.InnerText | Should -Not -Match 'ImgsPS' }
            $xml.SelectNodes('//CodeProperty | //CodeMethod | //CodeReference').Count | Should -Be 0
        }
    }
}
