# Get-ImageConfig, Get-ImageHistory and Get-ImageLayer: what they share, and what each of them gives.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $app = Add-TestImage $registry 'team/app:1' @{ created = '2024-01-15T08:30:00Z'; labels = @{ env = 'prod' };
        layers = @(@{ seed = 1; size = 2000 }, @{ seed = 2; size = 700 }) }
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 1; size = 2000 }, @{ seed = 3; size = 900 }) }
    $index = Add-TestIndex $registry 'team/multi:1' @{ architecture = 'amd64' }, @{ architecture = 'arm64'; variant = 'v8' }
    $store = New-TestStore
    $null = Invoke-ImagePull "$address/team/app:1", "$address/team/app:2"
    function Copy-Serialized($Value) {
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value)) }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe '<Command>' -ForEach @(
    @{ Command = 'Get-ImageConfig'; Type = 'ImageConfig'; Class = 'GetImageConfigCommand' }
    @{ Command = 'Get-ImageHistory'; Type = 'ImageHistoryEntry'; Class = 'GetImageHistoryCommand' }
    @{ Command = 'Get-ImageLayer'; Type = 'ImageLayer'; Class = 'GetImageLayerCommand' }
) {
    BeforeEach {
        Reset-TestRegistry $registry
    }

    It 'asks the store and nobody else' {
        $found = & $Command "$address/team/app:1"
        $found | Should -BeOfType "ImgsPS.$Type"
        $found.Reference | Select-Object -Unique | Should -Be "$address/team/app:1"
        $found.Store | Select-Object -Unique | Should -Be 'local'
        Get-TestRequest $registry | Should -BeNullOrEmpty
    }

    It 'takes <Form> from the pipeline' -ForEach @(
        @{ Form = 'a string'; Value = { "$address/team/app:1" } }
        @{ Form = 'an id'; Value = { $app.id } }
        @{ Form = 'an Image'; Value = { Get-Image "$address/team/app:1" } }
        @{ Form = 'a deserialized Image'; Value = { Copy-Serialized (Get-Image "$address/team/app:1") } }
        @{ Form = 'a CSV row'; Value = { Get-Image "$address/team/app:1" | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ Form = 'a config'; Value = { Get-ImageConfig "$address/team/app:1" } }
        @{ Form = 'a layer'; Value = { Get-ImageLayer "$address/team/app:1" | Select-Object -First 1 } }
        @{ Form = 'a deserialized layer'; Value = { Copy-Serialized (Get-ImageLayer "$address/team/app:1" | Select-Object -First 1) } }
        @{ Form = 'a step of a history'; Value = { Get-ImageHistory "$address/team/app:1" | Select-Object -First 1 } }
    ) {
        ConvertTo-Json @(& $Value | & $Command -ErrorAction Stop | Select-Object -Property * -ExcludeProperty Reference) -Depth 4 |
            Should -Be (ConvertTo-Json @(& $Command "$address/team/app:1" | Select-Object -Property * -ExcludeProperty Reference) -Depth 4)
    }

    It 'takes wildcards, and is silent without a match' {
        @((& $Command "$address/team/app:*").Reference | Select-Object -Unique | Sort-Object) |
            Should -Be "$address/team/app:1", "$address/team/app:2"
        & $Command 'nosuch*' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'asks the registry with -Remote, and pulls no layer' {
        $found = & $Command "$address/team/app:1" -Remote
        $found | Should -BeOfType "ImgsPS.$Type"
        $found.Store | Select-Object -Unique | Should -Be "registry://$address"
        $requests = Get-TestRequest $registry
        foreach ($layer in $app.layers) { $requests | Should -Not -Contain "GET /v2/team/app/blobs/$($layer.digest)" }
        $requests | Should -Contain "GET /v2/team/app/blobs/$($app.id)"
    }

    It 'asks for the platform with -Platform' {
        $null = & $Command "$address/team/multi:1" -Remote -Platform linux/arm64 -ErrorAction Stop
        Get-TestRequest $registry | Should -Contain "GET /v2/team/multi/blobs/$($index.images[1].id)"
        & $Command "$address/team/multi:1" -Remote -Platform linux/s390x -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -Be "ImageNotFound,ImgsPS.Cmdlets.$Class"
    }

    It 'refuses -Remote with -Store, but not with a default -Store' {
        { & $Command "$address/team/app:1" -Remote -Store local } |
            Should -Throw -ErrorId "AmbiguousParameterSet,ImgsPS.Cmdlets.$Class"
        $global:PSDefaultParameterValues['*-Image*:Store'] = 'local', 'docker'
        try { (& $Command "$address/team/app:1" -Remote).Store | Select-Object -Unique | Should -Be "registry://$address" }
        finally { $global:PSDefaultParameterValues.Remove('*-Image*:Store') }
    }

    It 'has an error for each image that is not there, and goes on' {
        $found = & $Command 'nosuch', "$address/team/app:1" -ErrorAction SilentlyContinue -ErrorVariable failed
        $found | Should -Not -BeNullOrEmpty
        $failed.FullyQualifiedErrorId | Should -Be "ImageNotFound,ImgsPS.Cmdlets.$Class"
        $failed.TargetObject | Should -Be 'nosuch'
    }
}

Describe 'What an image says' {
    It 'is written as it is with -Raw, from the store and from the registry' {
        foreach ($given in @{}, @{ Remote = $true }, @{ Store = $store }) {
            $text = Get-ImageConfig "$address/team/app:1" -Raw @given
            $text | Should -BeOfType string
            $sha = [System.Security.Cryptography.SHA256]::Create()
            $hash = [System.BitConverter]::ToString($sha.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($text))).Replace('-', '').ToLower()
            $sha.Dispose()
            "sha256:$hash" | Should -Be $app.id
            ($text | ConvertFrom-Json).config.Labels.env | Should -Be 'prod'
        }

        @(Get-ImageConfig *app* -Raw) | Should -HaveCount @(Get-ImageConfig *app*).Count
    }

    It 'is typed in its config' {
        $config = Get-ImageConfig "$address/team/app:1"
        $config.Id | Should -Be $app.id
        $config.Created | Should -Be ([DateTimeOffset]'2024-01-15T08:30:00Z')
        $config.Labels['env'] | Should -Be 'prod'
        $config.Platform.OS | Should -Be 'linux'
        , $config.Entrypoint | Should -BeOfType string[]
    }

    It 'is the same from the registry' {
        $here = Get-ImageConfig "$address/team/app:1" | Select-Object -Property * -ExcludeProperty Store
        $there = Get-ImageConfig "$address/team/app:1" -Remote | Select-Object -Property * -ExcludeProperty Store
        ConvertTo-Json $there -Depth 4 | Should -Be (ConvertTo-Json $here -Depth 4)
    }

    It 'has the layers, bottom first, with chain ids and who shares them (U10)' {
        $layers = Get-ImageLayer "$address/team/app:1"
        $layers.Digest | Should -Be $app.layers.digest
        $layers[0].ChainId | Should -Be $layers[0].DiffId
        $layers[1].ChainId | Should -Not -Be $layers[1].DiffId
        $layers[0].SharedWith | Should -Be "$address/team/app:2"
        $layers[1].SharedWith | Should -BeNullOrEmpty
    }

    It 'can be ended early' {
        @(Get-ImageLayer * | Select-Object -First 1) | Should -HaveCount 1
    }
}
