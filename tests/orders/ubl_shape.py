"""The sequence of UBL 2.1's elements, for those that an order of ours is made of; `!` is needed, `*` may come again.

Source: OASIS UBL 2.1 (ISO/IEC 19845), UBL-Order-2.1 and CommonAggregateComponents: the order of the sequences is theirs,
written here anew and only as far as it is used. The standard's own examples must fit it too (test_ubl).
"""

from xml.etree.ElementTree import Element

_PARTY = "EndpointID PartyIdentification* PartyName* Language PostalAddress PhysicalLocation PartyTaxScheme* PartyLegalEntity* Contact Person*"
_ADDRESS = (
    "ID AddressTypeCode AddressFormatCode Postbox Floor Room StreetName AdditionalStreetName BlockName BuildingName BuildingNumber InhouseMail"
    " Department MarkAttention MarkCare PlotIdentification CitySubdivisionName CityName PostalZone CountrySubentity CountrySubentityCode Region"
    " District TimezoneOffset AddressLine* Country LocationCoordinate*"
)
_CONTACT = "ID Name Telephone Telefax ElectronicMail Note* OtherCommunication*"
_ALLOWANCE = (
    "ID ChargeIndicator! AllowanceChargeReasonCode AllowanceChargeReason* MultiplierFactorNumeric PrepaidIndicator SequenceNumeric Amount!"
    " BaseAmount AccountingCostCode AccountingCost PerUnitAmount TaxCategory* TaxTotal PaymentMeans*"
)
SEQUENCE: dict[str, str] = {
    "Order": "UBLExtensions UBLVersionID CustomizationID ProfileID ProfileExecutionID ID! SalesOrderID CopyIndicator UUID IssueDate! IssueTime OrderTypeCode"
    " Note* RequestedInvoiceCurrencyCode DocumentCurrencyCode PricingCurrencyCode TaxCurrencyCode CustomerReference AccountingCostCode AccountingCost"
    " LineCountNumeric ValidityPeriod* QuotationDocumentReference OrderDocumentReference* OriginatorDocumentReference CatalogueReference"
    " AdditionalDocumentReference* Contract* ProjectReference* Signature* BuyerCustomerParty! SellerSupplierParty! OriginatorCustomerParty"
    " FreightForwarderParty AccountingCustomerParty Delivery* DeliveryTerms* PaymentMeans* PaymentTerms* TransactionConditions AllowanceCharge*"
    " TaxExchangeRate PricingExchangeRate PaymentExchangeRate DestinationCountry TaxTotal* AnticipatedMonetaryTotal OrderLine!*",
    "BuyerCustomerParty": "CustomerAssignedAccountID SupplierAssignedAccountID AdditionalAccountID* Party DeliveryContact AccountingContact BuyerContact",
    "SellerSupplierParty": "CustomerAssignedAccountID AdditionalAccountID* DataSendingCapability Party DespatchContact AccountingContact SellerContact",
    "Party": _PARTY, "CarrierParty": _PARTY, "PartyName": "Name!", "Contact": _CONTACT, "PostalAddress": _ADDRESS, "DeliveryAddress": _ADDRESS,
    "AddressLine": "Line!", "Country": "IdentificationCode Name",
    "Delivery": "ID Quantity MinimumQuantity MaximumQuantity ActualDeliveryDate ActualDeliveryTime LatestDeliveryDate LatestDeliveryTime ReleaseID TrackingID"
    " DeliveryAddress DeliveryLocation AlternativeDeliveryLocation RequestedDeliveryPeriod PromisedDeliveryPeriod EstimatedDeliveryPeriod CarrierParty"
    " DeliveryParty NotifyParty* Despatch DeliveryTerms* MinimumDeliveryUnit MaximumDeliveryUnit Shipment",
    "AllowanceCharge": _ALLOWANCE, "TaxTotal": "TaxAmount! RoundingAmount TaxEvidenceIndicator TaxIncludedIndicator TaxSubtotal*",
    "AnticipatedMonetaryTotal": "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount"
    " PayableRoundingAmount PayableAmount! PayableAlternativeAmount",
    "OrderLine": "SubstitutionStatusCode Note* LineItem! SellerProposedSubstituteLineItem* SellerSubstitutedLineItem* BuyerProposedSubstituteLineItem*"
    " CatalogueLineReference QuotationLineReference OrderLineReference* DocumentReference*",
    "LineItem": "ID! SalesOrderID UUID Note* LineStatusCode Quantity LineExtensionAmount TotalTaxAmount MinimumQuantity MaximumQuantity"
    " MinimumBackorderQuantity MaximumBackorderQuantity InspectionMethodCode PartialDeliveryIndicator BackOrderAllowedIndicator AccountingCostCode"
    " AccountingCost WarrantyInformation* Delivery* DeliveryTerms OriginatorParty OrderedShipment* PricingReference AllowanceCharge* Price Item!"
    " SubLineItem* WarrantyValidityPeriod WarrantyParty TaxTotal* ItemPriceExtension LineReference*",
    "Price": "PriceAmount! BaseQuantity PriceChangeReason* PriceTypeCode PriceType OrderableUnitFactorRate ValidityPeriod* PriceList AllowanceCharge*"
    " PricingExchangeRate",
    "Item": "Description* PackQuantity PackSizeNumeric CatalogueIndicator Name HazardousRiskIndicator AdditionalInformation* Keyword* BrandName* ModelName*"
    " BuyersItemIdentification SellersItemIdentification ManufacturersItemIdentification* StandardItemIdentification CatalogueItemIdentification"
    " CatalogueDocumentReference ItemSpecificationDocumentReference* OriginCountry CommodityClassification* TransactionConditions* HazardousItem*"
    " ClassifiedTaxCategory* AdditionalItemProperty*",
    "SellersItemIdentification": "ID!", "AdditionalItemProperty": "ID Name! NameCode TestMethod Value ValueQuantity",
}  # fmt: skip


def faults_of(element: Element, path: str = "") -> list[str]:
    """Return where an element and what is in it leave the sequence; elements that are not in the table are not looked into."""
    name = element.tag.rpartition("}")[2]
    here = f"{path}/{name}"
    wanted = [part.strip("!*") for part in SEQUENCE.get(name, "").split()]
    found = [child.tag.rpartition("}")[2] for child in element]
    faults = []
    if wanted:
        marks = {part.strip("!*"): part for part in SEQUENCE[name].split()}
        faults += [f"{here}: {one} is not in it" for one in found if one not in wanted]
        places = [wanted.index(one) for one in found if one in wanted]
        faults += [f"{here}: out of sequence {found}"] if places != sorted(places) else []
        faults += [f"{here}: {one} is wanting" for one in wanted if "!" in marks[one] and one not in found]
        faults += [
            f"{here}: {one} comes again"
            for one in {*found} & {*wanted}
            if "*" not in marks[one] and found.count(one) > 1
        ]
    below = [fault for child in element for fault in faults_of(child, here)]
    amounts = [
        f"{here}: no currencyID" for _ in [0] if name.endswith("Amount") and not element.get("currencyID")
    ]
    return faults + below + amounts
