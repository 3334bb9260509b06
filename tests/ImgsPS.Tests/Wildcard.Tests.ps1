# What a wildcard means, the same for every cmdlet that takes one and for completion. ImageNamePatternTests has more patterns.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $store = New-TestStore
    $image = Add-TestImage $registry 'base:1'
    $null = Invoke-ImagePull "$($registry.Host)/base:1"
    $names = 'ubuntu:latest', 'test:latest', 'team/app:1.0', 'team/app:latest', 'reg.example.com:5000/team/unittest:v1',
        'reg.example.com:5000/beta:latest', '[::1]:5095/team/web:1', '[::1]:5095/team/web:2', '[2001:db8::1]/tool:1'
    Add-ImageTag "$($registry.Host)/base:1" $names
    Remove-Image "$($registry.Host)/base:1"
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'The wildcard <Pattern>' -ForEach @(
    @{ Pattern = '*test*'; Expected = 'test:latest', 'reg.example.com:5000/team/unittest:v1' }
    @{ Pattern = '*TEST'; Expected = 'test:latest', 'reg.example.com:5000/team/unittest:v1' }
    @{ Pattern = '*latest*'; Expected = @() }
    @{ Pattern = 'd*'; Expected = @() }
    @{ Pattern = '[ab]*'; Expected = 'team/app:1.0', 'team/app:latest', 'reg.example.com:5000/beta:latest' }
    @{ Pattern = '*team/*'; Expected = 'team/app:1.0', 'team/app:latest', 'reg.example.com:5000/team/unittest:v1', '[::1]:5095/team/web:1',
        '[::1]:5095/team/web:2' }
    @{ Pattern = 'docker.io/library/*'; Expected = 'ubuntu:latest', 'test:latest' }
    @{ Pattern = 'docker.io/*/app:1*'; Expected = 'team/app:1.0' }
    @{ Pattern = 'reg.example.com:5000/*test*'; Expected = 'reg.example.com:5000/team/unittest:v1' }
    @{ Pattern = '*:5000/*'; Expected = 'reg.example.com:5000/team/unittest:v1', 'reg.example.com:5000/beta:latest' }
    @{ Pattern = '*:LATEST'; Expected = 'ubuntu:latest', 'test:latest', 'team/app:latest', 'reg.example.com:5000/beta:latest' }
    @{ Pattern = '*test*:latest'; Expected = 'test:latest' }
    @{ Pattern = '*:[0-9]*'; Expected = 'team/app:1.0', '[::1]:5095/team/web:1', '[::1]:5095/team/web:2', '[2001:db8::1]/tool:1' }
    @{ Pattern = '*@*'; Expected = @() }
    # A bracket that begins a host is no set of characters (FF5).
    @{ Pattern = '[::1]:5095/team/*'; Expected = '[::1]:5095/team/web:1', '[::1]:5095/team/web:2' }
    @{ Pattern = '[::1]:5095/team/web:[1]*'; Expected = '[::1]:5095/team/web:1' }
    @{ Pattern = '[::1]*'; Expected = '[::1]:5095/team/web:1', '[::1]:5095/team/web:2' }
    @{ Pattern = '[2001:DB8::1]/*'; Expected = '[2001:db8::1]/tool:1' }
    @{ Pattern = '[::2]:5095/*'; Expected = @() }
) {
    It 'lists what it names' {
        @(Get-Image $Pattern -ErrorAction Stop).Reference | Sort-Object | Should -Be ($Expected | Sort-Object)
        @(Get-ImageConfig $Pattern -ErrorAction Stop).Reference | Sort-Object | Should -Be ($Expected | Sort-Object)
    }

    It 'removes what it lists' {
        # A store of its own with the same names.
        $copy = Join-Path $store ([guid]::NewGuid().ToString('N'))
        $null = Invoke-ImagePull "$($registry.Host)/base:1" -Store $copy
        Add-ImageTag "$($registry.Host)/base:1" $names -Store $copy
        Remove-Image "$($registry.Host)/base:1" -Store $copy
        (Remove-Image $Pattern -Store $copy -PassThru -ErrorAction Stop).Untagged | Sort-Object | Should -Be ($Expected | Sort-Object)
        @(Get-Image -Store $copy).Reference | Sort-Object | Should -Be ($names | Where-Object { $_ -notin $Expected } | Sort-Object)
    }

    It 'is completed to what it lists' {
        # The word goes on, as a word of names does. A busy machine may have no suggestions at the first time: a prompt does not wait.
        $line = "Get-Image $Pattern"
        $wanted = @(Get-Image "$Pattern*").Reference
        $tries = 0
        do {
            $completed = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches
            $found = @($completed | ForEach-Object ListItemText | Where-Object { $_ -in $names })
        } while ($wanted -and -not $found -and ++$tries -lt 50)
        $found | Sort-Object | Should -Be ($wanted | Sort-Object)
    }
}

Describe 'A wildcard over ids' {
    It 'names the image by its digest or by four digits, and not by letters alone' {
        $hex = $image.id.Substring(7)
        @(Get-Image "sha256:$($hex.Substring(0, 6))*") | Should -HaveCount $names.Count
        $length = [System.Math]::Max(4, [regex]::Match($hex, '\d').Index + 1)
        @(Get-Image ($hex.Substring(0, $length) + '*')) | Should -HaveCount $names.Count
        @(Get-Image 'sha256*') | Should -BeNullOrEmpty
    }
}
