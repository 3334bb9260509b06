BeforeDiscovery {
    $data = Get-Content -LiteralPath "$PSScriptRoot/../data/behaviours.json" -Raw -Encoding utf8 | ConvertFrom-Json
    $members = 'name', 'rule', 'operation', 'end', 'words', 'told', 'lists', 'maxBytes', 'maxRequests', 'maxElsewhere', 'seconds',
        'credential',
    'plainHttp', 'proxy', 'trustOther', 'platform', 'keepsIngest', 'noXunit', 'noPwsh', 'noMono'
    $rows = foreach ($row in $data.behaviours) {
        $full = @{}
        foreach ($member in $members) {
            $full[$member] = if ($row.PSObject.Properties[$member]) { $row.$member }
            elseif ($data.defaults.PSObject.Properties[$member]) { $data.defaults.$member }
        }

        $full
    }

    # What takes the real limits to show is shown in xunit alone, where limits are given.
    $rows = @($rows | Where-Object { -not $_.noPwsh })
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry -Behaviours
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-behaviours-' + [guid]::NewGuid().ToString('N'))

    # A real PowerShell in a process of its own runs all rows; those that want the server's certificate trusted run in a second one
    # (OpenSSL's way to say so).
    function Invoke-Rows {
        param([object[]] $Rows, [string] $Name, [string] $Certificate)

        $place = Join-Path $folder $Name
        $null = New-Item -ItemType Directory -Path $place
        $file = Join-Path $place 'rows.json'
        ConvertTo-Json $Rows -Depth 4 | Set-Content -LiteralPath $file -Encoding utf8
        if ($Certificate) {
            $env:SSL_CERT_FILE = Join-Path $place 'trusted.pem'
            [System.IO.File]::WriteAllText($env:SSL_CERT_FILE, $Certificate)
        }

        try {
            $program, [string[]] $starter = @(Get-TestShell)
            $said = & $program @starter -NoProfile -NonInteractive -File "$PSScriptRoot/BehaviourWorker.ps1" `
                -Module (Get-TestModulePath) -Registry $registry.Host -Rows $file -Folder $place 2>&1
        } finally {
            $env:SSL_CERT_FILE = $null
        }

        $result = Join-Path $place 'result.json'
        if (-not (Test-Path -LiteralPath $result)) { throw "The worker left no result: $said" }
        foreach ($one in Get-Content -LiteralPath $result -Raw -Encoding utf8 | ConvertFrom-Json) { $results[$one.name] = $one }
    }

    $results = @{}
    $data = Get-Content -LiteralPath "$PSScriptRoot/../data/behaviours.json" -Raw -Encoding utf8 | ConvertFrom-Json
    $all = foreach ($row in $data.behaviours) {
        $full = [ordered]@{ operation = $data.defaults.operation; seconds = $data.defaults.seconds; credential = $null;
            plainHttp = $false; proxy = $false; trustOther = $false; platform = $null; keepsIngest = $false }
        foreach ($member in $row.PSObject.Properties) { $full[$member.Name] = $member.Value }
        if (-not $full['noPwsh']) { [pscustomobject]$full }
    }

    Invoke-Rows @($all | Where-Object { -not $_.PSObject.Properties['noXunit'] }) 'plain'
    if ([System.IO.File]::Exists('/proc/version')) {
        $set = Invoke-TestRegistry $registry behaviours @{ name = 'rn07-tls-trusted' }
        Invoke-Rows @($all | Where-Object { $_.PSObject.Properties['noXunit'] }) 'trusted' $set.certificate
    }

    $records = @{
        InvalidArgument = 'InvalidArgument', 'InvalidArgument'
        NotFound = 'ImageNotFound', 'ObjectNotFound'
        Incomplete = 'ImageIncomplete', 'InvalidData'
        Unauthorized = 'AuthenticationFailed', 'AuthenticationError'
        Denied = 'AccessDenied', 'PermissionDenied'
        RateLimited = 'RateLimited', 'LimitsExceeded'
        Unavailable = 'RegistryUnavailable', 'ConnectionError'
        Timeout = 'OperationTimeout', 'OperationTimeout'
        Integrity = 'IntegrityFailure', 'SecurityError'
        InvalidData = 'InvalidContent', 'InvalidData'
        TooLarge = 'ContentTooLarge', 'LimitsExceeded'
        NotSupported = 'NotSupported', 'NotImplemented'
        StoreUnavailable = 'StoreUnavailable', 'ResourceUnavailable'
    }
}

AfterAll {
    Stop-TestRegistry $registry
    Remove-Item -LiteralPath $folder -Recurse -Force
}

Describe 'A registry that misbehaves' {
    It 'is tried here with each row but the 24 that say why only xunit tries them' {
        @($data.behaviours | Where-Object { $_.PSObject.Properties['noPwsh'] -and $_.noPwsh.Length -gt 10 }) | Should -HaveCount 24
        $all | Should -HaveCount ($data.behaviours.Count - 24)
    }

    It '<rule> <name>' -ForEach $rows {
        if ($noXunit -and -not [System.IO.File]::Exists('/proc/version')) { Set-ItResult -Skipped `
            -Because 'only OpenSSL can be told to trust a certificate for one process'; return }
        $result = $results[$name]
        $result.ended | Should -BeTrue
        $fill = { $_.Replace('{host}', $result.host).Replace('{other}', "$(@($result.others)[0])") }
        if ($end -eq 'Ok') {
            $result.ids | Should -BeNullOrEmpty -Because $result.message
            if ($operation -in 'tags', 'search') {
                $result.output | Sort-Object | Should -Be @(@($lists) | Where-Object { $_ } | ForEach-Object $fill | Sort-Object)
            } else {
                $result.output | Should -Be $result.digest
                $result.images | Should -Be $result.digest
            }
        } else {
            $result.ids | Should -Be $records[$end][0] -Because $result.message
            $result.category | Should -Be $records[$end][1]
            foreach ($word in @($words) | Where-Object { $_ } | ForEach-Object $fill) { $result.message |
                Should -BeLike "*$([wildcardpattern]::Escape($word))*" }
            $result.images | Should -BeNullOrEmpty
        }

        foreach ($word in @($told) | Where-Object { $_ } | ForEach-Object $fill) { $result.told |
            Should -BeLike "*$([wildcardpattern]::Escape($word))*" }
        $result.leaks | Should -BeNullOrEmpty
        $result.control | Should -BeNullOrEmpty
        $result.problems | Should -BeNullOrEmpty

        # -AllTags pulls what the list names.
        if ($operation -ne 'tags' -or $end -ne 'Ok') {
            $result.requests | Should -BeLessOrEqual $maxRequests
            $result.bytes | Should -BeLessOrEqual $maxBytes
        }
    }
}
